//! What is known of an answer and of a number: the third truth value, and the interval that holds a value.
//!
//! A record that does not say what a condition asks for neither matches nor fails to match. It makes the value that is
//! counted an interval, and a threshold inside of that interval is neither crossed nor kept.

use std::ops::Not;

/// Yes, no, or not known. The order makes `and` the smaller and `or` the larger of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not hold, whatever is missing.
    No,
    /// What is missing could change the answer.
    Unknown,
    /// It holds, whatever is missing.
    Yes,
}

impl Truth {
    /// Both hold.
    pub fn and(self, other: Truth) -> Truth {
        self.min(other)
    }

    /// One of the two holds.
    pub fn or(self, other: Truth) -> Truth {
        self.max(other)
    }

    /// All of them hold; true of none at all.
    pub fn all(truths: impl IntoIterator<Item = Truth>) -> Truth {
        truths.into_iter().min().unwrap_or(Truth::Yes)
    }

    /// One of them holds; false of none at all.
    pub fn any(truths: impl IntoIterator<Item = Truth>) -> Truth {
        truths.into_iter().max().unwrap_or(Truth::No)
    }

    /// The same, unless what is missing could make it hold all the same.
    #[must_use]
    pub fn unless_missing(self, missing: bool) -> Truth {
        if missing { self.or(Truth::Unknown) } else { self }
    }

    /// Whether it certainly holds.
    pub fn is_yes(self) -> bool {
        self == Truth::Yes
    }

    /// Whether it certainly does not hold.
    pub fn is_no(self) -> bool {
        self == Truth::No
    }
}

impl Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::No => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
            Truth::Yes => Truth::No,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Truth {
        if holds { Truth::Yes } else { Truth::No }
    }
}

/// The interval that holds a value: what is certain, and what cannot be ruled out.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Estimate {
    /// The lower end; `-inf` when there is none.
    pub low: f64,
    /// The upper end; `inf` when there is none.
    pub high: f64,
}

impl Estimate {
    /// Nothing is known.
    pub const ANY: Estimate = Estimate { low: f64::NEG_INFINITY, high: f64::INFINITY };
    /// Exactly nothing.
    pub const ZERO: Estimate = Estimate { low: 0.0, high: 0.0 };

    /// A value that is known.
    pub fn exact(value: f64) -> Estimate {
        Estimate { low: value, high: value }
    }

    /// A value of which the lower end is known.
    pub fn at_least(low: f64) -> Estimate {
        Estimate { low, high: f64::INFINITY }
    }

    /// A value that is known, or nothing known of it.
    pub fn known(value: Option<f64>) -> Estimate {
        value.map_or(Estimate::ANY, Estimate::exact)
    }

    /// As it is written down: the lower end, whether the value may be more, and how much at most.
    pub fn written(value: Option<f64>, lower_bound: bool, value_max: Option<f64>) -> Estimate {
        match (value, lower_bound) {
            (Some(value), false) => Estimate::exact(value),
            (value, _) => Estimate { low: value.unwrap_or(f64::NEG_INFINITY), high: value_max.unwrap_or(f64::INFINITY) },
        }
    }

    /// Whether the value is known exactly.
    pub fn is_exact(&self) -> bool {
        self.low == self.high
    }

    /// The lower end, if there is one: what is certain.
    pub fn value(&self) -> Option<f64> {
        Some(self.low).filter(|low| low.is_finite())
    }

    /// The upper end, if there is one: what cannot be ruled out.
    pub fn value_max(&self) -> Option<f64> {
        Some(self.high).filter(|high| high.is_finite())
    }

    /// The same value with nothing known of its upper end.
    #[must_use]
    pub fn or_more(self) -> Estimate {
        Estimate { high: f64::INFINITY, ..self }
    }

    /// The interval that holds both.
    #[must_use]
    pub fn hull(self, other: Estimate) -> Estimate {
        Estimate { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Estimate) -> Estimate {
        Estimate { low: self.low + other.low, high: self.high + other.high }
    }

    /// The larger of the two.
    #[must_use]
    pub fn larger(self, other: Estimate) -> Estimate {
        Estimate { low: self.low.max(other.low), high: self.high.max(other.high) }
    }

    /// The smaller of the two.
    #[must_use]
    pub fn smaller(self, other: Estimate) -> Estimate {
        Estimate { low: self.low.min(other.low), high: self.high.min(other.high) }
    }

    /// The quotient of two amounts, neither of which is less than nothing. Nothing is known of a quotient by what may
    /// be zero but its lower end.
    #[must_use]
    pub fn over(self, total: Estimate) -> Estimate {
        let low = if total.high > 0.0 && self.low.is_finite() { self.low.max(0.0) / total.high } else { 0.0 };
        let high = if total.low > 0.0 { self.high / total.low } else { f64::INFINITY };
        Estimate { low, high }
    }

    /// The value times a number that is not negative.
    #[must_use]
    pub fn times(self, factor: f64) -> Estimate {
        let scaled = |end: f64| if end == 0.0 || factor == 0.0 { 0.0 } else { end * factor };
        Estimate { low: scaled(self.low), high: scaled(self.high) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Truth; 3] = [Truth::No, Truth::Unknown, Truth::Yes];

    #[test]
    fn three_values_obey_the_laws_of_kleene() {
        for a in ALL {
            assert_eq!(!!a, a);
            for b in ALL {
                assert_eq!(!a.and(b), (!a).or(!b), "{a:?} {b:?}");
                assert_eq!(a.and(b), b.and(a));
            }
        }
        assert_eq!(Truth::Yes.and(Truth::Unknown), Truth::Unknown);
        assert_eq!(Truth::No.and(Truth::Unknown), Truth::No);
        assert_eq!(Truth::Yes.or(Truth::Unknown), Truth::Yes);
        assert_eq!((Truth::all([]), Truth::any([])), (Truth::Yes, Truth::No));
    }

    fn interval() -> impl Strategy<Value = (Estimate, f64)> {
        (0u32..50, 0u32..50, 0.0f64..=1.0).prop_map(|(low, width, share)| {
            let (low, width) = (f64::from(low), f64::from(width));
            (Estimate { low, high: low + width }, low + width * share)
        })
    }

    proptest! {
        /// Whatever the true values are within the intervals, the result's interval holds the true result.
        #[test]
        fn an_interval_holds_the_truth((a, x) in interval(), (b, y) in interval()) {
            let holds = |interval: Estimate, value: f64| interval.low <= value + 1e-9 && value <= interval.high + 1e-9;
            prop_assert!(holds(a.plus(b), x + y));
            prop_assert!(holds(a.larger(b), x.max(y)));
            prop_assert!(holds(a.smaller(b), x.min(y)));
            prop_assert!(holds(a.hull(b), x) && holds(a.hull(b), y));
            prop_assert!(holds(a.or_more(), x));
            if y > 0.0 {
                prop_assert!(holds(a.over(b), x / y), "{a:?} / {b:?} does not hold {}", x / y);
            }
        }
    }
}
