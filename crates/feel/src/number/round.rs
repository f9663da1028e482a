//! Rounding: to 34 digits, and to a scale.

use super::{COEFFICIENT_END, MAX_EXPONENT, MIN_EXPONENT, Number};

/// How digits that do not fit are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, ties to the even digit.
    HalfEven,
    /// To the nearest, ties away from zero.
    HalfUp,
    /// To the nearest, ties towards zero.
    HalfDown,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    /// Towards negative infinity.
    Floor,
    /// Towards positive infinity.
    Ceiling,
}

/// `10^digits`, if it fits 128 bits.
pub(super) fn power_of_ten(digits: u32) -> Option<i128> {
    POWERS.get(digits as usize).copied()
}

const POWERS: [i128; 39] = {
    let mut powers = [1_i128; 39];
    let mut nth = 1;
    while nth < 39 {
        powers[nth] = powers[nth - 1] * 10;
        nth += 1;
    }
    powers
};

/// Decimal digits of the coefficient; 0 for zero.
pub(super) fn digits(coefficient: i128) -> u32 {
    match coefficient.unsigned_abs() {
        0 => 0,
        magnitude => magnitude.ilog10() + 1,
    }
}

/// Coefficient and exponent brought into decimal128's range, rounded half to even; `None` on overflow.
pub(super) fn fit(coefficient: i128, exponent: i32) -> Option<(i128, i32)> {
    if coefficient.unsigned_abs() < COEFFICIENT_END.unsigned_abs()
        && (MIN_EXPONENT..=MAX_EXPONENT).contains(&exponent)
    {
        return Some((coefficient, exponent));
    }
    let excess = digits(coefficient).saturating_sub(super::PRECISION_DIGITS);
    let below = MIN_EXPONENT.saturating_sub(exponent).max(0) as u32;
    let dropped = excess.max(below);
    let (mut coefficient, mut exponent) = match dropped {
        0 => (coefficient, exponent),
        _ => (divide(coefficient, dropped, Rounding::HalfEven), exponent.saturating_add(dropped as i32)),
    };
    if coefficient.unsigned_abs() == COEFFICIENT_END.unsigned_abs() {
        coefficient /= 10;
        exponent += 1;
    }
    if coefficient == 0 {
        return Some((0, exponent.clamp(MIN_EXPONENT, MAX_EXPONENT)));
    }
    while exponent > MAX_EXPONENT {
        coefficient = coefficient.checked_mul(10).filter(|more| more.abs() < COEFFICIENT_END)?;
        exponent -= 1;
    }
    Some((coefficient, exponent))
}

/// `coefficient / 10^dropped`, rounded.
pub(super) fn divide(coefficient: i128, dropped: u32, rounding: Rounding) -> i128 {
    let Some(divisor) = power_of_ten(dropped) else {
        return directed(0, coefficient, std::cmp::Ordering::Less, rounding);
    };
    let (quotient, remainder) = (coefficient / divisor, coefficient % divisor);
    if remainder == 0 {
        return quotient;
    }
    let rest = remainder.unsigned_abs();
    let to_half = rest.cmp(&(divisor.unsigned_abs() - rest));
    directed(quotient, coefficient, to_half, rounding)
}

/// The quotient, or one further from zero, given how the dropped rest compares to a half.
fn directed(quotient: i128, sign_of: i128, to_half: std::cmp::Ordering, rounding: Rounding) -> i128 {
    let sign = sign_of.signum();
    let away = match rounding {
        Rounding::HalfEven => to_half.then(if quotient % 2 == 0 { LESS } else { GREATER }).is_gt(),
        Rounding::HalfUp => to_half.is_ge(),
        Rounding::HalfDown => to_half.is_gt(),
        Rounding::Up => true,
        Rounding::Down => false,
        Rounding::Floor => sign < 0,
        Rounding::Ceiling => sign > 0,
    };
    if away { quotient + sign } else { quotient }
}

const LESS: std::cmp::Ordering = std::cmp::Ordering::Less;
const GREATER: std::cmp::Ordering = std::cmp::Ordering::Greater;

impl Number {
    /// Rounded to that many digits after the point (before it, if negative); `None` if the result has more than 34 digits.
    pub fn round(&self, scale: i32, rounding: Rounding) -> Option<Number> {
        let (coefficient, exponent) = self.parts();
        let dropped = i64::from(exponent) + i64::from(scale);
        if dropped < 0 {
            let rounded = divide(coefficient, u32::try_from(-dropped).unwrap_or(u32::MAX), rounding);
            return Number::from_parts(rounded, scale.checked_neg()?);
        }
        let scaled = u32::try_from(dropped)
            .ok()
            .and_then(power_of_ten)
            .and_then(|factor| coefficient.checked_mul(factor))
            .filter(|scaled| scaled.abs() < COEFFICIENT_END && -scale >= MIN_EXPONENT);
        match scaled {
            Some(scaled) => Number::from_parts(scaled, -scale),
            None => Some(*self),
        }
    }

    /// The largest whole number that is not larger.
    pub fn floor(&self) -> Number {
        self.round(0, Rounding::Floor).unwrap_or(*self)
    }
}
