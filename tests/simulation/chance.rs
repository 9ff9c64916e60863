//! Chance by seed: the same seed decides the same things again.
use flows::ports::Randomness;
use testkit::clock::SeededRandomness;

/// What decides.
pub struct Chance(SeededRandomness);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(SeededRandomness::new(seed))
    }

    /// A number in `0..bound`.
    pub fn below(&self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    /// A place in a list of that length.
    pub fn index(&self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap()
    }

    pub fn one_in(&self, of: u64) -> bool {
        self.below(of) == 0
    }

    /// True so many times in a thousand.
    pub fn in_thousand(&self, times: u64) -> bool {
        self.below(1_000) < times
    }

    /// One of several things, each as likely as its weight.
    pub fn pick<T: Copy>(&self, weighted: &[(T, u64)]) -> T {
        let mut left = self.below(weighted.iter().map(|(_, weight)| weight).sum());
        for (thing, weight) in weighted {
            if left < *weight {
                return *thing;
            }
            left -= weight;
        }
        weighted[0].0
    }
}
