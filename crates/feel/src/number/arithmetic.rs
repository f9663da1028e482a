//! Sums, products, quotients, powers and comparison.

use std::cmp::Ordering;

use super::round::{digits, power_of_ten};
use super::{MAX_EXPONENT, MIN_EXPONENT, Number, Repr, Rounding, wide};

impl Number {
    /// The sum; `None` if it is too large.
    #[inline]
    pub fn add(&self, other: &Number) -> Option<Number> {
        if let Some((left, right, exponent)) = aligned_small(self, other)
            && let Some(sum) = left.checked_add(right)
        {
            return Some(Number::small(sum, exponent));
        }
        add(self, other.parts())
    }

    /// The difference; `None` if it is too large.
    #[inline]
    pub fn subtract(&self, other: &Number) -> Option<Number> {
        if let Some((left, right, exponent)) = aligned_small(self, other)
            && let Some(difference) = left.checked_sub(right)
        {
            return Some(Number::small(difference, exponent));
        }
        let (coefficient, exponent) = other.parts();
        add(self, (-coefficient, exponent))
    }

    /// The product; `None` if it is too large.
    #[inline]
    pub fn multiply(&self, other: &Number) -> Option<Number> {
        if let (Some((left, left_exponent)), Some((right, right_exponent))) =
            (self.small_parts(), other.small_parts())
            && let Some(product) = left.checked_mul(right)
            && let exponent @ MIN_EXPONENT..=MAX_EXPONENT = left_exponent + right_exponent
        {
            return Some(Number::small(product, exponent));
        }
        let ((left, left_exponent), (right, right_exponent)) = (self.parts(), other.parts());
        match left.checked_mul(right) {
            Some(product) => Number::from_parts(product, left_exponent + right_exponent),
            None => wide::multiply((left, left_exponent), (right, right_exponent)),
        }
    }

    /// The quotient; `None` when dividing by zero or if it is too large.
    pub fn divide(&self, other: &Number) -> Option<Number> {
        if let (Some((left, left_exponent)), Some((right, right_exponent))) =
            (self.small_parts(), other.small_parts())
            && left.checked_rem(right) == Some(0)
            && let exponent @ MIN_EXPONENT..=MAX_EXPONENT = left_exponent - right_exponent
        {
            return Some(Number::small(left / right, exponent));
        }
        let ((left, left_exponent), (right, right_exponent)) = (self.parts(), other.parts());
        if right == 0 {
            return None;
        }
        let ideal = left_exponent - right_exponent;
        if left % right == 0 {
            return Number::from_parts(left / right, ideal);
        }
        let shift = (38 - digits(left)).min(34);
        if let Some(scaled) = power_of_ten(shift).and_then(|factor| left.checked_mul(factor))
            && scaled % right == 0
        {
            let (quotient, exponent) = strip_zeros(scaled / right, ideal - shift as i32, ideal);
            return Number::from_parts(quotient, exponent);
        }
        wide::divide((left, left_exponent), (right, right_exponent))
    }

    /// What is left after dividing towards zero; it has the sign of `self`. `None` when dividing by zero.
    pub fn remainder(&self, other: &Number) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        if let (Repr::Int(left), Repr::Int(right)) = (self.0, other.0) {
            return Some(Number::from(left.checked_rem(right).unwrap_or(0)));
        }
        match align(self.parts(), other.parts()) {
            Some((left, right, exponent)) => Number::from_parts(left % right, exponent),
            None => wide::remainder(self.parts(), other.parts()),
        }
    }

    /// `self` minus `other` times the floor of their quotient: it has the sign of `other` (DMN `modulo`).
    pub fn modulo(&self, other: &Number) -> Option<Number> {
        let remainder = self.remainder(other)?;
        if remainder.is_zero() || remainder.is_negative() == other.is_negative() {
            return Some(remainder);
        }
        remainder.add(other)
    }

    /// The number with the other sign.
    pub fn negate(&self) -> Number {
        let (coefficient, exponent) = self.parts();
        Number::raw(-coefficient, exponent)
    }

    /// The number without its sign.
    pub fn abs(&self) -> Number {
        if self.is_negative() { self.negate() } else { *self }
    }

    /// `self` to the power of `exponent`; `None` if it does not exist or is too large.
    pub fn power(&self, exponent: &Number) -> Option<Number> {
        match exponent.to_i64() {
            Some(whole) => self.power_whole(whole),
            None if self.is_negative() => None,
            None if self.is_zero() => (!exponent.is_negative()).then_some(Number::ZERO),
            None => wide::power(self.parts(), exponent.parts()),
        }
    }

    fn power_whole(&self, exponent: i64) -> Option<Number> {
        if exponent < 0 {
            if self.is_zero() {
                return None;
            }
            return wide::power_whole(self.parts(), exponent);
        }
        if let (Repr::Small(..) | Repr::Wide(_), Some(power)) = (self.0, self.exact_power(exponent)) {
            return Some(power);
        }
        let mut result = Number::ONE;
        for _ in 0..exponent.min(64) {
            if let (Repr::Int(left), Repr::Int(right)) = (result.0, self.0)
                && let Some(product) = left.checked_mul(right)
            {
                result = Number::from(product);
                continue;
            }
            return wide::power_whole(self.parts(), exponent);
        }
        if exponent > 64 { wide::power_whole(self.parts(), exponent) } else { Some(result) }
    }

    /// A power with all its digits, so that `0.10 ** 2` is `0.0100`; `None` where they could be too many.
    fn exact_power(&self, exponent: i64) -> Option<Number> {
        let digits = self.parts().0.unsigned_abs().checked_ilog10().map_or(1, |log| i64::from(log) + 1);
        let is_exact = digits.checked_mul(exponent)? <= 34;
        is_exact.then(|| (0..exponent).try_fold(Number::ONE, |power, _| power.multiply(self))).flatten()
    }

    /// The square root; `None` for a negative number.
    pub fn sqrt(&self) -> Option<Number> {
        match self.is_negative() {
            true => None,
            false if self.is_zero() => Some(Number::ZERO),
            false => wide::sqrt(self.parts()),
        }
    }

    /// The natural logarithm; `None` unless the number is positive.
    pub fn ln(&self) -> Option<Number> {
        (!self.is_negative() && !self.is_zero()).then(|| wide::ln(self.parts())).flatten()
    }

    /// e to the power of the number; `None` if it is too large.
    pub fn exp(&self) -> Option<Number> {
        wide::exp(self.parts())
    }

    /// Whether the number is divisible by two; false for fractions.
    pub fn is_even(&self) -> bool {
        self.remainder(&Number::from(2)).is_some_and(|rest| rest.is_zero())
    }

    /// Whether the number is whole and not divisible by two.
    pub fn is_odd(&self) -> bool {
        self.remainder(&Number::from(2)).is_some_and(|rest| rest.abs() == Number::ONE)
    }

    /// The fraction: what is left after cutting to a whole number, with the number's sign.
    pub fn fraction(&self) -> Number {
        let whole = self.round(0, Rounding::Down).unwrap_or(*self);
        self.subtract(&whole).unwrap_or(Number::ZERO)
    }
}

/// The sum of what does not fit 64 bits.
#[inline(never)]
fn add(left: &Number, right: (i128, i32)) -> Option<Number> {
    let left = left.parts();
    match align(left, right) {
        Some((left, right, exponent)) => match left.checked_add(right) {
            Some(sum) => Number::from_parts(sum, exponent),
            None => wide::add((left, exponent), (right, exponent)),
        },
        None => wide::add(left, right),
    }
}

/// Powers of ten that fit 64 bits.
const SMALL_POWERS: [i64; 19] = {
    let mut powers = [1_i64; 19];
    let mut nth = 1;
    while nth < 19 {
        powers[nth] = powers[nth - 1] * 10;
        nth += 1;
    }
    powers
};

/// Both coefficients at the smaller exponent, if they fit 64 bits: the common case.
#[inline]
pub(super) fn aligned_small(left: &Number, right: &Number) -> Option<(i64, i64, i32)> {
    let (left, left_exponent) = left.small_parts()?;
    let (right, right_exponent) = right.small_parts()?;
    let difference = left_exponent - right_exponent;
    if difference == 0 {
        return Some((left, right, left_exponent));
    }
    let factor = *SMALL_POWERS.get(difference.unsigned_abs() as usize)?;
    match difference > 0 {
        true => Some((left.checked_mul(factor)?, right, right_exponent)),
        false => Some((left, right.checked_mul(factor)?, left_exponent)),
    }
}

/// Both coefficients at the smaller exponent, if they fit 128 bits.
fn align(left: (i128, i32), right: (i128, i32)) -> Option<(i128, i128, i32)> {
    let difference = left.1 - right.1;
    match difference {
        0 => Some((left.0, right.0, left.1)),
        1.. => {
            let scaled = left.0.checked_mul(power_of_ten(difference as u32)?)?;
            Some((scaled, right.0, right.1))
        }
        _ => {
            let scaled = right.0.checked_mul(power_of_ten(difference.unsigned_abs())?)?;
            Some((left.0, scaled, left.1))
        }
    }
}

pub(super) fn compare(left: (i128, i32), right: (i128, i32)) -> Ordering {
    if left.0.signum() != right.0.signum() || left.0 == 0 {
        return left.0.signum().cmp(&right.0.signum());
    }
    if let Some((left, right, _)) = align(left, right) {
        return left.cmp(&right);
    }
    // They cannot be aligned, so the places of their first digits differ.
    let place = |(coefficient, exponent): (i128, i32)| digits(coefficient) as i32 + exponent;
    let by_place = place(left).cmp(&place(right));
    if left.0 < 0 { by_place.reverse() } else { by_place }
}

/// Drops trailing zeros while the exponent is below the ideal one.
pub(super) fn strip_zeros(mut coefficient: i128, mut exponent: i32, ideal: i32) -> (i128, i32) {
    while exponent < ideal && coefficient % 10 == 0 {
        coefficient /= 10;
        exponent += 1;
    }
    (coefficient, exponent)
}
