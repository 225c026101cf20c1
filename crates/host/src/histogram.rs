//! How long things took, in few and fixed bytes however many they were.

use std::time::Duration;

/// Everything up to 256 ns is in the first bucket: a call takes longer.
const LEAST_BITS: u32 = 8;
/// Everything beyond 2⁴⁷ ns, which are 39 hours, is in the last: nothing may take more than a day.
const MOST_BITS: u32 = 47;
/// From one power of two to the next there are 2³ buckets of the same width.
const STEP_BITS: u32 = 3;
const BUCKETS: usize = (((MOST_BITS - LEAST_BITS) << STEP_BITS) + 2) as usize;

/// A histogram whose buckets grow with what they hold: what it answers is off by 6.25 % at most, or by 128 ns. The greatest is exact.
#[derive(Clone)]
pub(crate) struct Histogram {
    counts: Box<[u64; BUCKETS]>,
    sum: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: Box::new([0; BUCKETS]), sum: 0, max: 0 }
    }
}

impl Histogram {
    pub fn add(&mut self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanoseconds)] += 1;
        self.sum = self.sum.saturating_add(nanoseconds);
        self.max = self.max.max(nanoseconds);
    }

    /// Adds everything that another one holds.
    pub fn add_all(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts.iter()) {
            *count += more;
        }
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    pub const fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum)
    }

    pub const fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }

    /// The time within which this many of a hundred were done.
    pub fn percentile(&self, percent: u64) -> Duration {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                let (above, to) = (end(index.wrapping_sub(1)), end(index));
                return Duration::from_nanos((above + (to - above) / 2).min(self.max));
            }
        }
        self.max()
    }

    /// How many took at most 2^`bits` ns: exact, because a bucket ends there.
    pub fn up_to(&self, bits: u32) -> u64 {
        self.counts[..=bucket(1 << bits)].iter().sum()
    }
}

/// The bucket of this time. Each begins behind the end of the one before, and holds its own end.
const fn bucket(nanoseconds: u64) -> usize {
    let before = nanoseconds.saturating_sub(1);
    if before >> LEAST_BITS == 0 {
        return 0;
    }
    let bits = before.ilog2();
    if bits >= MOST_BITS {
        return BUCKETS - 1;
    }
    let step = ((before >> (bits - STEP_BITS)) % (1 << STEP_BITS)) as usize;
    1 + ((bits - LEAST_BITS) << STEP_BITS) as usize + step
}

/// Where a bucket ends; the one before the first ends at nothing.
const fn end(bucket: usize) -> u64 {
    match bucket {
        0 => 1 << LEAST_BITS,
        usize::MAX => 0,
        _ => {
            let (octave, step) = ((bucket as u64 - 1) >> STEP_BITS, (bucket as u64 - 1) & ((1 << STEP_BITS) - 1));
            ((1 << STEP_BITS) + step + 1) << (octave + (LEAST_BITS - STEP_BITS) as u64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(nanoseconds: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        for time in nanoseconds {
            histogram.add(Duration::from_nanos(time));
        }
        histogram
    }

    #[test]
    fn nothing_in_it_answers_nothing() {
        let histogram = of([]);
        assert_eq!((histogram.count(), histogram.sum(), histogram.max()), (0, Duration::ZERO, Duration::ZERO));
        assert_eq!(histogram.percentile(50), Duration::ZERO);
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        for index in 0..BUCKETS - 1 {
            assert_eq!(bucket(end(index)), index, "a bucket holds its end");
            assert_eq!(bucket(end(index) + 1), index + 1, "the next begins behind it");
        }
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn one_time_comes_back_within_a_sixteenth() {
        for time in (1..u64::from(u32::MAX)).step_by(7_654_321).chain([1, 255, 256, 257, 1 << 40, 86_400_000_000_000]) {
            for percent in [1, 50, 99, 100] {
                let found = u64::try_from(of([time]).percentile(percent).as_nanos()).unwrap();
                assert!(found.abs_diff(time) <= (time / 16).max(128), "{found} for {time}");
            }
        }
    }

    #[test]
    fn percentiles_count_what_there_is() {
        let histogram = of((1..=1000).map(|time| time * 1000));
        let near = |percent, expected: u64| {
            let found = u64::try_from(histogram.percentile(percent).as_nanos()).unwrap();
            assert!(found.abs_diff(expected) <= expected / 15, "{found} for {expected}");
        };
        near(50, 500_000);
        near(99, 990_000);
        assert_eq!(histogram.max(), Duration::from_millis(1));
        assert_eq!(histogram.sum(), Duration::from_nanos(500_500_000));
        assert!(histogram.percentile(100) <= histogram.max());
    }

    #[test]
    fn one_in_a_hundred_is_beyond_the_ninety_ninth() {
        let histogram = of(std::iter::repeat_n(1000, 99).chain([1_000_000]));
        assert!(histogram.percentile(99) < Duration::from_micros(2));
        assert!(histogram.percentile(100) > Duration::from_micros(900));
    }

    #[test]
    fn what_ends_at_a_power_of_two_is_counted_there() {
        let histogram = of([1 << 10, (1 << 10) + 1, 1 << 20, u64::MAX]);
        assert_eq!([9, 10, 11, 20, 46].map(|bits| histogram.up_to(bits)), [0, 1, 2, 3, 3]);
    }

    #[test]
    fn two_together_hold_what_each_holds() {
        let mut histogram = of([1000, 2000]);
        histogram.add_all(&of([5_000_000]));
        assert_eq!(histogram.count(), 3);
        assert_eq!(histogram.max(), Duration::from_millis(5));
        assert_eq!(histogram.sum(), Duration::from_nanos(5_003_000));
    }
}
