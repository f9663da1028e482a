//! Numbers as text.

use std::fmt;

use super::{Number, Repr};

impl Number {
    /// Reads `12`, `-1.50`, `.5`, `1e3`; more than 34 digits are rounded. `None` if it is not a number.
    pub fn parse(text: &str) -> Option<Number> {
        let bytes = text.as_bytes();
        let (negative, digits) = match bytes.first()? {
            b'-' => (true, &bytes[1..]),
            b'+' => (false, &bytes[1..]),
            _ => (false, bytes),
        };
        if let Some(number) = scan_few(digits) {
            return Some(if negative { number.negate() } else { number });
        }
        let scanned = Scanned::scan(digits)?;
        let coefficient = if negative { -scanned.coefficient } else { scanned.coefficient };
        Number::from_parts(coefficient, scanned.exponent)
    }

    /// The shortest decimal that reads back as this double; `None` for infinities and NaN.
    pub fn from_f64(value: f64) -> Option<Number> {
        value.is_finite().then(|| Number::parse(&format!("{value:e}"))).flatten()
    }

    /// With the digits of the nearest double, written as Java does: a whole one below 10,000,000 has one zero after the point.
    pub(crate) fn as_double(&self) -> Option<Number> {
        let nearest = self.to_f64();
        if nearest.fract() == 0.0 && nearest.abs() < 1e7 {
            return Number::from_parts(nearest as i128 * 10, -1);
        }
        Number::from_f64(nearest)
    }

    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        match self.0 {
            Repr::Int(whole) => whole as f64,
            Repr::Small(coefficient, exponent)
                if coefficient.unsigned_abs() < EXACT_END && exponent < 0 && exponent > -23 =>
            {
                // Both are exact as doubles, so their quotient is rounded once.
                coefficient as f64 / EXACT_POWERS[usize::from(exponent.unsigned_abs())]
            }
            Repr::Small(..) | Repr::Wide(_) => {
                let (coefficient, exponent) = self.parts();
                format!("{coefficient}e{exponent}").parse().unwrap_or(f64::NAN)
            }
        }
    }
}

/// Whole numbers below this are exact as doubles.
const EXACT_END: u64 = 1 << f64::MANTISSA_DIGITS;

/// The powers of ten that are exact as doubles.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Digits that surely fit 64 bits.
const FEW_DIGITS: usize = 18;

/// A number of few digits without an exponent: what most are.
fn scan_few(bytes: &[u8]) -> Option<Number> {
    if bytes.len() > FEW_DIGITS {
        return None;
    }
    let mut coefficient = 0;
    let mut point = None;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => coefficient = coefficient * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() && at + 1 < bytes.len() => point = Some(at),
            _ => return None,
        }
    }
    let digits = bytes.len() - usize::from(point.is_some());
    let exponent = point.map_or(0, |at| -((bytes.len() - at - 1) as i32));
    (digits > 0).then(|| Number::small(coefficient, exponent))
}

struct Scanned {
    coefficient: i128,
    exponent: i32,
}

impl Scanned {
    fn scan(bytes: &[u8]) -> Option<Scanned> {
        let mut coefficient: i128 = 0;
        let mut exponent: i64 = 0;
        let mut seen = 0;
        let mut point = false;
        // A digit that does not fit any more only counts for rounding: whether anything but zeros was dropped.
        let mut dropped = false;
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                digit @ b'0'..=b'9' => {
                    seen += 1;
                    exponent -= i64::from(point);
                    match coefficient
                        .checked_mul(10)
                        .and_then(|more| more.checked_add(i128::from(digit - b'0')))
                    {
                        Some(more) if !dropped && more < i128::MAX / 10 => coefficient = more,
                        _ => {
                            exponent += 1;
                            if digit != b'0' && coefficient % 10 == 0 && !dropped {
                                // Sticky digit: what was cut is more than nothing, so a tie is no tie.
                                coefficient += 1;
                            }
                            dropped = true;
                        }
                    }
                }
                b'.' if !point => point = true,
                b'e' | b'E' if seen > 0 => {
                    let power: i64 = std::str::from_utf8(&bytes[at + 1..]).ok()?.parse().ok()?;
                    exponent = exponent.checked_add(power)?;
                    at = bytes.len();
                    continue;
                }
                _ => return None,
            }
            at += 1;
        }
        if seen == 0 || bytes.ends_with(b".") {
            return None;
        }
        Some(Scanned { coefficient, exponent: exponent.clamp(-100_000, 100_000) as i32 })
    }
}

/// In full, without exponent: `1500`, `0.05`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (coefficient, exponent) = match self.0 {
            Repr::Int(whole) => return write!(f, "{whole}"),
            Repr::Small(..) | Repr::Wide(_) => self.parts(),
        };
        if exponent >= 0 {
            write!(f, "{coefficient}")?;
            let zeros = if coefficient == 0 { 0 } else { exponent as usize };
            return f.write_str(&"0".repeat(zeros));
        }
        if coefficient < 0 {
            f.write_str("-")?;
        }
        let digits = coefficient.unsigned_abs().to_string();
        let scale = exponent.unsigned_abs() as usize;
        if digits.len() > scale {
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            write!(f, "{whole}.{fraction}")
        } else {
            write!(f, "0.{}{digits}", "0".repeat(scale - digits.len()))
        }
    }
}
