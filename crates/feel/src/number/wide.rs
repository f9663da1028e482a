//! What does not fit 128 bits: done by `dashu` and rounded to 34 digits.

use dashu_base::Approximation;
use dashu_float::round::mode::HalfEven;
use dashu_float::{Context, FBig, Repr};
use dashu_int::IBig;

use super::arithmetic::strip_zeros;
use super::{MAX_EXPONENT, Number};

type Parts = (i128, i32);
type Outcome = Result<Approximation<FBig<HalfEven, 10>, dashu_float::round::Rounding>, dashu_float::FpError>;

const CONTEXT: Context<HalfEven> = Context::new(super::PRECISION_DIGITS as usize);

/// Magnitudes of natural logarithms beyond this are no decimal128 any more.
const MAX_LOGARITHM: i64 = 15_000;

fn repr((coefficient, exponent): Parts) -> Repr<10> {
    Repr::new(IBig::from(coefficient), exponent as isize)
}

fn number(outcome: Outcome) -> Option<Number> {
    let value = outcome.ok()?.value();
    let repr = value.repr();
    if repr.is_infinite() {
        return None;
    }
    let coefficient = i128::try_from(repr.significand()).ok()?;
    let exponent = repr.exponent().clamp(-20_000, 20_000) as i32;
    if exponent > MAX_EXPONENT + 40 {
        return None;
    }
    Number::from_parts(coefficient, exponent)
}

/// Decimal digits kept before the last rounding: enough that one more digit can say which way a tie falls.
const KEPT_DIGITS: usize = 37;

/// An exact result, rounded once. `rest` says whether something beyond the last digit was cut off already.
fn rounded(whole: IBig, exponent: i32, rest: bool) -> Option<Number> {
    let digits = whole.to_string().trim_start_matches('-').len();
    let cut = digits.saturating_sub(KEPT_DIGITS);
    let scale = IBig::from(10_u8).pow(cut);
    let (mut kept, lost) = (i128::try_from(&(&whole / &scale)).ok()?, &whole % &scale);
    if (rest || lost != IBig::ZERO) && kept % 5 == 0 {
        // A digit that is no tie stands for all that was cut off.
        kept += if whole < IBig::ZERO { -1 } else { 1 };
    }
    Number::from_parts(kept, exponent.checked_add(i32::try_from(cut).ok()?)?)
}

fn scaled(coefficient: i128, zeros: u32) -> IBig {
    IBig::from(coefficient) * IBig::from(10_u8).pow(zeros as usize)
}

pub(super) fn add(left: Parts, right: Parts) -> Option<Number> {
    let (high, low) = if left.1 >= right.1 { (left, right) } else { (right, left) };
    let apart = high.1.abs_diff(low.1);
    if high.0 == 0 || low.0 == 0 {
        // A zero far away changes nothing.
        let (coefficient, exponent) = if high.0 == 0 { low } else { high };
        return Number::from_parts(coefficient, exponent);
    }
    const FAR: u32 = 80;
    if apart <= FAR {
        return rounded(scaled(high.0, apart) + IBig::from(low.0), low.1, false);
    }
    // The lower one only tells on which side of the higher one the sum lies.
    rounded(scaled(high.0, FAR) + IBig::from(low.0.signum()), high.1 - FAR as i32, true)
}

pub(super) fn multiply(left: Parts, right: Parts) -> Option<Number> {
    rounded(IBig::from(left.0) * IBig::from(right.0), left.1 + right.1, false)
}

pub(super) fn divide(left: Parts, right: Parts) -> Option<Number> {
    const ZEROS: u32 = 72;
    let numerator = scaled(left.0, ZEROS);
    let divisor = IBig::from(right.0);
    let (quotient, rest) = (&numerator / &divisor, &numerator % &divisor);
    let exact = rest == IBig::ZERO;
    let exponent = left.1 - right.1 - ZEROS as i32;
    let number = rounded(quotient, exponent, !exact)?;
    if !exact {
        return Some(number);
    }
    let (coefficient, exponent) = number.parts();
    let (coefficient, exponent) = strip_zeros(coefficient, exponent, left.1 - right.1);
    Number::from_parts(coefficient, exponent)
}

pub(super) fn remainder(left: Parts, right: Parts) -> Option<Number> {
    let lowest = left.1.min(right.1);
    let whole = |(coefficient, exponent): Parts| scaled(coefficient, exponent.abs_diff(lowest));
    rounded(whole(left) % whole(right), lowest, false)
}

pub(super) fn sqrt(value: Parts) -> Option<Number> {
    let root = number(CONTEXT.sqrt(&repr(value)))?;
    let (coefficient, exponent) = root.parts();
    let (coefficient, exponent) = strip_zeros(coefficient, exponent, 0);
    Number::from_parts(coefficient, exponent)
}

pub(super) fn ln(value: Parts) -> Option<Number> {
    number(CONTEXT.ln(&repr(value), None))
}

pub(super) fn exp(value: Parts) -> Option<Number> {
    let argument = Number::raw(value.0, value.1);
    if argument > Number::from(MAX_LOGARITHM) {
        return None;
    }
    if argument < Number::from(-MAX_LOGARITHM) {
        return Some(Number::ZERO);
    }
    number(CONTEXT.exp(&repr(value), None))
}

/// A power that certainly over- or underflows, told from its logarithm: `Some(None)` for too large.
fn out_of_range(base: Parts, exponent: &Number) -> Option<Option<Number>> {
    let logarithm = Number::raw(base.0.abs(), base.1).ln()?;
    let product = logarithm.multiply(exponent)?;
    if product > Number::from(MAX_LOGARITHM) {
        return Some(None);
    }
    (product < Number::from(-MAX_LOGARITHM)).then_some(Some(Number::ZERO))
}

pub(super) fn power(base: Parts, exponent: Parts) -> Option<Number> {
    if let Some(outside) = out_of_range(base, &Number::raw(exponent.0, exponent.1)) {
        return outside;
    }
    number(CONTEXT.powf(&repr(base), &repr(exponent), None))
}

pub(super) fn power_whole(base: Parts, exponent: i64) -> Option<Number> {
    if base.0 == 0 {
        return Some(if exponent == 0 { Number::ONE } else { Number::ZERO });
    }
    if let Some(outside) = out_of_range(base, &Number::from(exponent)) {
        return outside;
    }
    number(CONTEXT.powi(&repr(base), IBig::from(exponent)))
}

/// The lowest 64 bits of a whole number too large for 128.
pub(super) fn low_bits((coefficient, exponent): Parts) -> i64 {
    let Ok(exponent) = usize::try_from(exponent) else { return 0 };
    let whole = IBig::from(coefficient) * IBig::from(10_u8).pow(exponent);
    let modulus = IBig::from(1_u8) << 64;
    let low = ((whole % &modulus) + &modulus) % &modulus;
    u64::try_from(&low).unwrap_or(0) as i64
}
