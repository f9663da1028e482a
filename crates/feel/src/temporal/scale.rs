//! Durations multiplied and divided.
//!
//! DMN: exact decimals, cut to nanoseconds or months. BPMN: as feel-scala, factors are cut to whole numbers of 32 bits,
//! quotients of durations are whole numbers of milliseconds or months, and a duration divided by a number has whole
//! milliseconds. (Where feel-scala's 32 bits of milliseconds overflow after 24 days, this answers what is right.)

use super::{DaysDuration, MonthsDuration};
use crate::dialect::Dialect;
use crate::number::{Number, Rounding};

const NANOS_PER_MS: i128 = 1_000_000;

/// The number cut to a whole one. None: more than 128 bits.
fn cut(number: &Number) -> Option<i128> {
    let (coefficient, exponent) = number.round(0, Rounding::Down)?.parts();
    match u32::try_from(exponent) {
        Ok(exponent) => coefficient.checked_mul(10_i128.checked_pow(exponent)?),
        Err(_) => coefficient.checked_div(10_i128.checked_pow(exponent.unsigned_abs())?),
    }
}

/// A factor as Java's `intValue` makes it: the lowest 32 bits of the whole part.
fn int_value(number: &Number) -> i128 {
    i128::from(number.to_i64_wrapping() as i32)
}

impl DaysDuration {
    /// FEEL's `self * factor`. None: out of range.
    #[must_use]
    pub fn times(self, factor: &Number, dialect: Dialect) -> Option<Self> {
        let nanos = match dialect {
            Dialect::Bpmn => self.total_nanos().checked_mul(int_value(factor))?,
            Dialect::Dmn => cut(&Number::from_parts(self.total_nanos(), 0)?.multiply(factor)?)?,
        };
        Self::from_nanos(nanos)
    }

    /// FEEL's `self / divisor`. None: by zero, or out of range.
    #[must_use]
    pub fn divided_by(self, divisor: &Number, dialect: Dialect) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        let (amount, unit) = match dialect {
            Dialect::Bpmn => (self.total_nanos() / NANOS_PER_MS, NANOS_PER_MS),
            Dialect::Dmn => (self.total_nanos(), 1),
        };
        let quotient = cut(&Number::from_parts(amount, 0)?.divide(divisor)?)?;
        Self::from_nanos(quotient.checked_mul(unit)?)
    }

    /// FEEL's `self / other`. None: by zero.
    #[must_use]
    pub fn ratio(self, other: Self, dialect: Dialect) -> Option<Number> {
        match dialect {
            Dialect::Bpmn => {
                let [a, b] = [self, other].map(|duration| duration.total_nanos() / NANOS_PER_MS);
                Number::from_parts(a.checked_div(b)?, 0)
            }
            Dialect::Dmn if other.is_zero() => None,
            Dialect::Dmn => Number::from_parts(self.total_nanos(), 0)?
                .divide(&Number::from_parts(other.total_nanos(), 0)?),
        }
    }
}

impl MonthsDuration {
    /// FEEL's `self * factor`. None: out of range.
    #[must_use]
    pub fn times(self, factor: &Number, dialect: Dialect) -> Option<Self> {
        let months = match dialect {
            Dialect::Bpmn => {
                // Years and months are counted in 32 bits each in the dialect's reference.
                let (years, months) = (self.total_months() / 12, self.total_months() % 12);
                let fits = |count: i64| i32::try_from(i128::from(count) * int_value(factor)).is_ok();
                if !(fits(years) && fits(months)) {
                    return None;
                }
                i128::from(self.total_months()) * int_value(factor)
            }
            Dialect::Dmn => cut(&Number::from(self.total_months()).multiply(factor)?)?,
        };
        i64::try_from(months).ok().map(Self::from_months)
    }

    /// FEEL's `self / divisor`. None: by zero, or out of range.
    #[must_use]
    pub fn divided_by(self, divisor: &Number) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        let months = cut(&Number::from(self.total_months()).divide(divisor)?)?;
        i64::try_from(months).ok().map(Self::from_months)
    }

    /// FEEL's `self / other`. None: by zero.
    #[must_use]
    pub fn ratio(self, other: Self, dialect: Dialect) -> Option<Number> {
        match dialect {
            _ if other.is_zero() => None,
            Dialect::Bpmn => Some(Number::from(self.total_months() / other.total_months())),
            Dialect::Dmn => Number::from(self.total_months()).divide(&Number::from(other.total_months())),
        }
    }
}
