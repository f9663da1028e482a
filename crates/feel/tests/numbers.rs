//! Decimal arithmetic against vectors made with libmpdec (Python's `decimal`, 34 digits, half even).

use weir_feel::Number;

const VECTORS: &str = include_str!("data/decimal128.txt");

#[test]
fn arithmetic_agrees_with_libmpdec_to_the_last_digit() {
    let mut failures = Vec::new();
    for line in VECTORS.lines() {
        let mut words = line.split(' ');
        let operation = words.next().unwrap();
        let [a, b, expected] = [(); 3].map(|()| Number::parse(words.next().unwrap()).unwrap());
        let found = match operation {
            "add" => a.add(&b),
            "subtract" => a.subtract(&b),
            "multiply" => a.multiply(&b),
            "divide" => a.divide(&b),
            "remainder" => a.remainder(&b),
            "sqrt" => a.sqrt(),
            "ln" => a.ln(),
            "exp" => a.exp(),
            "power" => a.power(&b),
            "compare" => Some(Number::from(a.cmp(&b) as i32)),
            other => panic!("unknown operation {other}"),
        };
        if found != Some(expected) {
            failures.push(format!("{line}: {found:?}"));
        }
    }
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_ideal_exponent_is_kept() {
    let show = |text: &str| Number::parse(text).unwrap().to_string();
    assert_eq!(show("1.50"), "1.50");
    assert_eq!(show("1e3"), "1000");
    let sum = Number::parse("1.10").unwrap().add(&Number::parse("1.1").unwrap()).unwrap();
    assert_eq!(sum.to_string(), "2.20");
    let quotient = Number::from(10).divide(&Number::from(4)).unwrap();
    assert_eq!(quotient.to_string(), "2.5");
    assert_eq!(Number::from(6).divide(&Number::from(3)).unwrap().to_string(), "2");
    assert_eq!(
        Number::from(1).divide(&Number::from(3)).unwrap().to_string(),
        "0.3333333333333333333333333333333333"
    );
}

#[test]
fn whole_numbers_beyond_64_bits_stay_exact() {
    let large = Number::from(i64::MAX).add(&Number::ONE).unwrap();
    assert_eq!(large.to_string(), "9223372036854775808");
    assert_eq!(large.subtract(&Number::ONE).unwrap(), Number::from(i64::MAX));
    assert_eq!(Number::from(i64::MIN).negate(), large);
    assert_eq!(large.to_i64(), None);
    assert_eq!(large.to_i64_wrapping(), i64::MIN);
}

#[test]
fn what_is_too_large_is_no_number() {
    let largest = Number::parse("9.999999999999999999999999999999999e6144").unwrap();
    assert!(largest.multiply(&Number::from(10)).is_none());
    assert!(largest.add(&largest).is_none());
    assert!(Number::from(10).power(&Number::from(7000)).is_none());
    assert!(Number::from(10).power(&Number::from(i64::MAX)).is_none());
    assert_eq!(Number::from(10).power(&Number::from(-7000)), Some(Number::ZERO));
    assert!(Number::ONE.divide(&Number::ZERO).is_none());
    assert!(Number::from(-1).sqrt().is_none());
    assert!(Number::ZERO.ln().is_none());
}
