//! What runs added, and what that makes over a window.

use crate::domain::estimate::Estimate;
use serde::{Deserialize, Serialize};

/// What one run added to one group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Number {
    Sum(u64),
    Max(f64),
    /// The values are kept beside the slots.
    Values,
    /// A sum of which this much is certain, and this much cannot be ruled out.
    Between(f64, f64),
    /// The largest: certain, and what cannot be ruled out.
    MaxBetween(f64, f64),
    /// The values are kept beside the slots, and so many more cannot be ruled out.
    ValuesOr(u64),
    /// A sum, in each of the ways that are open.
    Ways([u64; 4]),
    /// The same, and what may belong to it beside that, depending on what is not told; `u64::MAX`: nobody knows how much.
    WaysOr([u64; 4], u64),
}

impl Number {
    /// Nothing of the same sort.
    pub(super) fn nothing(self) -> Number {
        match self {
            Number::Sum(_) | Number::Between(..) | Number::Ways(_) | Number::WaysOr(..) => Number::Sum(0),
            Number::Max(_) | Number::MaxBetween(..) => Number::Max(0.0),
            Number::Values | Number::ValuesOr(_) => Number::Values,
        }
    }

    /// A window's value with this slot in it. Different values are counted beside the slots.
    pub(super) fn added_to(self, value: Estimate) -> Estimate {
        match self {
            Number::Sum(sum) => value.plus(Estimate::exact(sum as f64)),
            Number::Between(low, high) => value.plus(Estimate { low, high }),
            Number::Max(largest) => value.larger(Estimate::exact(largest)),
            Number::MaxBetween(low, high) => value.larger(Estimate { low, high }),
            Number::Values => value,
            Number::Ways(ways) | Number::WaysOr(ways, _) => {
                let (least, most) = (ways.into_iter().min().unwrap_or(0), ways.into_iter().max().unwrap_or(0));
                value.plus(Estimate { low: least as f64, high: most as f64 + amount_of(self.possible()) })
            }
            Number::ValuesOr(more) => value.plus(Estimate { low: 0.0, high: more as f64 }),
        }
    }

    pub(super) fn ways(self) -> [u64; 4] {
        match self {
            Number::Sum(sum) => [sum; 4],
            Number::Ways(ways) | Number::WaysOr(ways, _) => ways,
            _ => [0; 4],
        }
    }

    /// What may belong to it, depending on what is not told.
    pub(super) fn possible(self) -> u64 {
        if let Number::WaysOr(_, possible) = self { possible } else { 0 }
    }

    pub(super) fn is_of_ways(self) -> bool {
        matches!(self, Number::Sum(_) | Number::Ways(_) | Number::WaysOr(..))
    }
}

/// An amount of which the largest stands for any.
fn amount_of(possible: u64) -> f64 {
    if possible == u64::MAX { f64::INFINITY } else { possible as f64 }
}

/// What a window adds up to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    pub(super) ways: [f64; 4],
    /// What may belong to it, depending on what is not told.
    pub(super) possible: f64,
    /// Different values.
    pub(super) values: Estimate,
    /// All else.
    pub(super) other: Estimate,
    /// Some of it came late.
    pub(super) late: bool,
}

impl Default for Sum {
    fn default() -> Self {
        Self { ways: [0.0; 4], possible: 0.0, values: Estimate::ZERO, other: Estimate::ZERO, late: false }
    }
}

/// What sets the ways of counting apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apart {
    /// What sources report of what destinations drop.
    Reading,
    /// Which end tells.
    Ends,
    /// When what came late arrived.
    Late,
}

impl Apart {
    pub(super) fn localized(self) -> String {
        match self {
            Apart::Reading => {
                tr!("between two values: it is not known yet whether sources report what destinations block; see `pcemon doctor`")
            }
            Apart::Late => tr!(
                "between two values: some flows arrived late, after an earlier run had queried their time, and the time of arrival is not known"
            ),
            Apart::Ends => tr!(
                "between two values: one end of some flows stopped reporting and the other began, so it is not known whether both mean the same connections"
            ),
        }
    }
}

impl Sum {
    pub(super) fn add(&mut self, number: Number) {
        match number {
            Number::Sum(_) | Number::Ways(_) | Number::WaysOr(..) => {
                self.ways.iter_mut().zip(number.ways()).for_each(|(have, way)| *have += way as f64);
                self.possible += amount_of(number.possible());
            }
            other => self.other = other.added_to(self.other),
        }
    }

    /// Adds what may have arrived in the window, or before it.
    pub(super) fn add_possible(&mut self, number: Number) {
        self.late = true;
        self.other = match number.added_to(Estimate::ZERO) {
            Estimate { high, .. } if matches!(number, Number::Max(_) | Number::MaxBetween(..)) => {
                self.other.larger(Estimate { low: 0.0, high })
            }
            Estimate { high, .. } => self.other.plus(Estimate { low: 0.0, high }),
        };
    }

    pub(super) fn estimate(&self) -> Estimate {
        let low = self.ways.into_iter().fold(f64::INFINITY, f64::min);
        let high = self.ways.into_iter().fold(0.0, f64::max);
        Estimate { low, high: high + self.possible }.plus(self.values).plus(self.other)
    }

    pub(super) fn apart(&self) -> Option<Apart> {
        if self.late {
            return Some(Apart::Late);
        }
        let [reported, unreported, reported_aged, _] = self.ways;
        if reported != unreported {
            return Some(Apart::Reading);
        }
        (reported != reported_aged || !self.values.is_exact()).then_some(Apart::Ends)
    }
}
