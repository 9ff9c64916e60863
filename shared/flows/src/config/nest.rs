//! Times nest: an HTTP call ends before its step, a step before the handler, the handler before its message becomes
//! visible again. Checked at start, since a nest that is broken shows only when something is slow.

/// A named time in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Dotted path of the setting.
    pub key: &'static str,
    /// Its value.
    pub seconds: u64,
}

impl Timing {
    /// A time under its name.
    pub const fn new(key: &'static str, seconds: u64) -> Self {
        Self { key, seconds }
    }
}

/// Of each pair the first must be shorter than the second: the keys that are not, with the reason.
pub fn check_nest(pairs: &[(Timing, Timing)]) -> Vec<(&'static str, String)> {
    let broken = pairs.iter().filter(|(inner, outer)| inner.seconds >= outer.seconds);
    broken
        .map(|(inner, outer)| {
            let told = format!(
                "is {}; it must be less than {}, which is {}",
                inner.seconds, outer.key, outer.seconds
            );
            (inner.key, told)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_as_long_as_the_one_around_it_is_told() {
        let (call, step) = (Timing::new("call_s", 30), Timing::new("step_s", 30));
        let told = check_nest(&[(call, step), (Timing::new("call_s", 29), step)]);
        assert_eq!(told, [("call_s", "is 30; it must be less than step_s, which is 30".to_owned())]);
    }
}
