//! Numbers: decimals of 34 significant digits, rounded half to even (IEEE 754-2008 decimal128), as DMN 1.5
//! clause 10.3.2.3.1 asks.
//!
//! A whole number that fits 64 bits is an `i64`; a fraction whose coefficient does is that and an exponent: neither
//! pays for anything else. Any other number is a coefficient of up to 34 digits and an exponent, packed into 128 bits. Sums, differences, products and exact quotients whose exact
//! result fits 128 bits are computed in machine integers. What is wider is an exact integer of `dashu-int`, rounded
//! once; roots, logarithms and powers are `dashu-float`'s.
//!
//! The exponent follows the standard's "ideal exponent", so `1.10 + 1.1` is `2.20` and not `2.2`: equal as numbers,
//! told apart only by `string()`.
//!
//! # Why dashu
//!
//! Three maintained crates in pure Rust, on the vectors in `tests/data/decimal128.txt` (made with libmpdec, hard ones
//! on purpose): right results of so many, and nanoseconds an operation on a loaded machine, good for ratios only.
//!
//! | operation | `dashu-float` 0.6.2 | `bigdecimal` 0.4.11 | `fastnum` 0.7.5, 256 bits |
//! |---|---|---|---|
//! | add | 332 of 376, 820 | 376 of 376, 780 | 370 of 376, 820 |
//! | subtract | 383 of 423, 810 | 423 of 423, 660 | 420 of 423, 710 |
//! | multiply | 381 of 381, 560 | 381 of 381, 410 | 375 of 381, 560 |
//! | divide | 396 of 396, 1,000 | 396 of 396, 17,700 | 384 of 396, 1,100 |
//! | square root | 405 of 405, 4,600 | 405 of 405, 3,500 | 391 of 405, 648,000 |
//! | logarithm | 364 of 364, 266,000 | has none | 348 of 364, 2,300,000 |
//! | exponential | 416 of 416, 233,000 | not to a precision | 396 of 416, 180,000 |
//! | power | 446 of 446, 421,000 | has none for fractions | 430 of 446, 1,240,000 |
//!
//! `dashu` alone has all functions to the last digit. Its sums of operands far apart are off by one in the last place
//! (it rounds an operand first), so sums are done here on its integers: all 4,000 vectors come out right.
//! `fastnum` was rounded to 34 digits after the operation, which is part of its misses. `rust_decimal` has 28 digits.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

mod arithmetic;
mod round;
mod text;
mod wide;

pub use round::Rounding;

/// Steps of fuel that a logarithm, an exponential or a power of 34 digits costs.
pub(crate) const LOGARITHM_STEPS: u64 = 2_000;

/// Significant digits.
pub const PRECISION_DIGITS: u32 = 34;
/// The largest coefficient plus one.
const COEFFICIENT_END: i128 = 10_i128.pow(PRECISION_DIGITS);
/// Smallest exponent of the last digit.
const MIN_EXPONENT: i32 = -6176;
/// Largest exponent of the last digit.
const MAX_EXPONENT: i32 = 6111;
/// Bits that hold the exponent in [`Packed`].
const EXPONENT_BITS: u32 = 14;

/// A decimal number.
#[derive(Clone, Copy, Debug)]
pub struct Number(Repr);

#[derive(Clone, Copy, Debug)]
enum Repr {
    /// A whole number.
    Int(i64),
    /// A coefficient and an exponent other than 0.
    Small(i64, i16),
    /// Any other, whose coefficient does not fit 64 bits.
    Wide(Packed),
}

/// A coefficient (114 bits, signed) and an exponent (14 bits, signed), in two words so that they align to eight bytes.
#[derive(Clone, Copy, Debug)]
struct Packed([u64; 2]);

impl Packed {
    #[inline]
    fn new(coefficient: i128, exponent: i32) -> Self {
        let exponent_mask = (1_u128 << EXPONENT_BITS) - 1;
        let bits = ((coefficient as u128) << EXPONENT_BITS) | (exponent as u128 & exponent_mask);
        Self([(bits >> 64) as u64, bits as u64])
    }

    #[inline]
    fn parts(self) -> (i128, i32) {
        let bits = ((u128::from(self.0[0]) << 64) | u128::from(self.0[1])) as i128;
        let unused = i64::BITS - EXPONENT_BITS;
        (bits >> EXPONENT_BITS, (((self.0[1] as i64) << unused) >> unused) as i32)
    }
}

impl Number {
    /// Zero.
    pub const ZERO: Number = Number(Repr::Int(0));
    /// One.
    pub const ONE: Number = Number(Repr::Int(1));

    /// `coefficient * 10^exponent`, rounded to 34 digits; `None` if it is too large.
    pub fn from_parts(coefficient: i128, exponent: i32) -> Option<Number> {
        round::fit(coefficient, exponent).map(|(coefficient, exponent)| Self::raw(coefficient, exponent))
    }

    /// Parts that already fit.
    #[inline]
    fn raw(coefficient: i128, exponent: i32) -> Number {
        match i64::try_from(coefficient) {
            Ok(coefficient) => Self::small(coefficient, exponent),
            Err(_) => Number(Repr::Wide(Packed::new(coefficient, exponent))),
        }
    }

    /// Parts that already fit, and whose coefficient fits 64 bits.
    #[inline]
    fn small(coefficient: i64, exponent: i32) -> Number {
        match exponent {
            0 => Number(Repr::Int(coefficient)),
            // The exponents of decimal128 fit 14 bits.
            _ => Number(Repr::Small(coefficient, exponent as i16)),
        }
    }

    /// Coefficient and exponent: the number is `coefficient * 10^exponent`.
    pub fn parts(&self) -> (i128, i32) {
        match self.0 {
            Repr::Int(whole) => (i128::from(whole), 0),
            Repr::Small(coefficient, exponent) => (i128::from(coefficient), i32::from(exponent)),
            Repr::Wide(packed) => packed.parts(),
        }
    }

    /// The number, if it is an `i64` in representation.
    #[inline]
    pub(crate) fn as_int(&self) -> Option<i64> {
        match self.0 {
            Repr::Int(whole) => Some(whole),
            Repr::Small(..) | Repr::Wide(_) => None,
        }
    }

    /// Coefficient and exponent, if the coefficient fits 64 bits: what most numbers are.
    #[inline]
    fn small_parts(&self) -> Option<(i64, i32)> {
        match self.0 {
            Repr::Int(whole) => Some((whole, 0)),
            Repr::Small(coefficient, exponent) => Some((coefficient, i32::from(exponent))),
            Repr::Wide(_) => None,
        }
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.parts().0 == 0
    }

    /// Whether it is less than zero.
    pub fn is_negative(&self) -> bool {
        self.parts().0 < 0
    }

    /// Whether it has no fraction.
    pub fn is_whole(&self) -> bool {
        match self.0 {
            Repr::Int(_) => true,
            Repr::Small(..) | Repr::Wide(_) => {
                self.round(0, Rounding::Down).is_some_and(|whole| whole == *self)
            }
        }
    }

    /// The whole number, if it is one and fits 64 bits.
    pub fn to_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Int(whole) => Some(whole),
            Repr::Small(..) | Repr::Wide(_) if self.is_whole() => {
                self.truncated().and_then(|whole| i64::try_from(whole).ok())
            }
            Repr::Small(..) | Repr::Wide(_) => None,
        }
    }

    /// The number cut to a whole one, held within 64 bits.
    pub fn to_i64_saturating(&self) -> i64 {
        match self.truncated() {
            Some(whole) => i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX }),
            None if self.is_negative() => i64::MIN,
            None => i64::MAX,
        }
    }

    /// The number cut to a whole one and to its lowest 64 bits, as a broker stores it.
    pub fn to_i64_wrapping(&self) -> i64 {
        match self.truncated() {
            Some(whole) => whole as i64,
            None => wide::low_bits(self.parts()),
        }
    }

    /// The number without its fraction, if that fits 128 bits.
    fn truncated(&self) -> Option<i128> {
        let (coefficient, exponent) = self.parts();
        match exponent {
            0 => Some(coefficient),
            1.. => round::power_of_ten(exponent as u32).and_then(|scale| coefficient.checked_mul(scale)),
            _ => Some(round::power_of_ten(exponent.unsigned_abs()).map_or(0, |scale| coefficient / scale)),
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Number(Repr::Int(value))
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Self {
        Number(Repr::Int(i64::from(value)))
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        Number(Repr::Int(i64::from(value)))
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Self::raw(value as i128, 0)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match arithmetic::aligned_small(self, other) {
            Some((left, right, _)) => left.cmp(&right),
            None => arithmetic::compare(self.parts(), other.parts()),
        }
    }
}

/// Equal numbers hash equally, whatever their exponents.
impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (mut coefficient, mut exponent) = self.parts();
        if coefficient == 0 {
            exponent = 0;
        }
        while coefficient != 0 && coefficient % 10 == 0 {
            coefficient /= 10;
            exponent += 1;
        }
        coefficient.hash(state);
        exponent.hash(state);
    }
}
