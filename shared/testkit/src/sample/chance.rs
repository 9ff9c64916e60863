//! Numbers from a seed, the same on every machine and with every version of every library (SplitMix64).

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// A stream of its own for each purpose, so that a change in one part of the company leaves the others alone.
    pub(super) fn new(seed: u64, purpose: &str) -> Self {
        let mixed = purpose.bytes().fold(seed, |state, byte| Self(state ^ u64::from(byte)).next());
        Self(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        // The high half of a 32 x 32 bit product spreads evenly enough and needs no division.
        let product = (self.next() >> 32) * u64::from(bound);
        u32::try_from(product >> 32).unwrap_or_default()
    }

    /// A number in `first..=last`.
    pub(super) fn between(&mut self, first: i32, last: i32) -> i32 {
        let span = u32::try_from(last - first + 1).unwrap_or_default();
        first + i32::try_from(self.below(span)).unwrap_or_default()
    }

    /// True in this many of a thousand cases.
    pub(super) fn per_mille(&mut self, cases: u32) -> bool {
        self.below(1000) < cases
    }

    /// One of a table.
    pub(super) fn pick<T: Copy + Default>(&mut self, table: &[T]) -> T {
        let length = u32::try_from(table.len()).unwrap_or_default();
        table.get(self.below(length) as usize).copied().unwrap_or_default()
    }
}
