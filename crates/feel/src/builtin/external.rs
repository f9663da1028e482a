//! External functions of the DMN dialect: `function(a, b) external {java: {class: "...", method signature: "..."}}`
//! (10.3.2.13.4). There is no Java here: the functions of `java.lang.Math`, the `valueOf` of numbers and strings and
//! a plain `String.format` are provided because models use them for what FEEL lacks. They are pure and the same on
//! every machine. Any other class or method makes the call null, with a warning that says so.

use std::sync::Arc;

use super::{Builtin, CONTEXT, LIST, builtin, overload, required};
use crate::dialect::Dialect;
use crate::machine::{Machine, Stop};
use crate::number::Number;
use crate::value::{Context, Value};

/// The function that the parser puts as the body of an external function: its mapping and its arguments.
pub(crate) const INVOKE: &str = "invoke external";

pub(super) const BUILTINS: &[Builtin] =
    &[builtin(INVOKE, &[overload(&[required("mapping", CONTEXT), required("arguments", LIST)], invoke)])
        .only(Dialect::Dmn)];

fn invoke(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Value, Stop> {
    let (Value::Context(mapping), Value::List(values)) = (&arguments[0], &arguments[1]) else {
        return Err(Stop::null("the mapping of an external function must be a context"));
    };
    let Some(Value::Context(java)) = mapping.get("java") else {
        return Err(Stop::null("only external functions of kind java are supported"));
    };
    let class = text(java, "class")?;
    let signature = text(java, "method signature")?;
    let unknown = || Stop::null(format!("there is no external function '{signature}' in class '{class}'"));
    let (name, types) = parts(&signature).ok_or_else(unknown)?;
    let mut converted = Vec::with_capacity(types.len());
    for (at, of) in types.iter().enumerate() {
        let argument = if *of == "[Ljava.lang.Object;" {
            Argument::Objects(values.get(at..).unwrap_or_default().to_vec())
        } else {
            let value = values.get(at).unwrap_or(&Value::Null);
            convert(value, of)
                .ok_or_else(|| Stop::null(format!("'{value}' is not a value of the Java type {of}")))?
        };
        converted.push(argument);
    }
    let result = match &*class {
        "java.lang.Math" => math(name, &converted),
        "java.lang.String" => string(machine, name, &converted)?,
        "java.lang.Byte" | "java.lang.Short" | "java.lang.Integer" | "java.lang.Long" | "java.lang.Float"
        | "java.lang.Double" => number(&class["java.lang.".len()..], name, &converted),
        _ => None,
    };
    result.ok_or_else(unknown)
}

fn text(java: &Context, key: &str) -> Result<Arc<str>, Stop> {
    match java.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) | None => Err(Stop::null(format!("an external function needs '{key}' as a string"))),
    }
}

/// `name(type, type)` as name and types.
fn parts(signature: &str) -> Option<(&str, Vec<&str>)> {
    let (name, rest) = signature.trim().split_once('(')?;
    let types = rest.strip_suffix(')')?.trim();
    let types = if types.is_empty() { Vec::new() } else { types.split(',').map(str::trim).collect() };
    Some((name.trim(), types))
}

/// An argument as the Java method takes it.
#[derive(Debug)]
enum Argument {
    Whole(i64),
    Float(f32),
    Double(f64),
    Text(Arc<str>),
    Objects(Vec<Value>),
}

fn convert(value: &Value, of: &str) -> Option<Argument> {
    let whole = |least: i64, most: i64| {
        let value = value.as_number()?.to_i64()?;
        (least <= value && value <= most).then_some(Argument::Whole(value))
    };
    match of {
        "byte" | "java.lang.Byte" => whole(i64::from(i8::MIN), i64::from(i8::MAX)),
        "short" | "java.lang.Short" => whole(i64::from(i16::MIN), i64::from(i16::MAX)),
        "int" | "java.lang.Integer" => whole(i64::from(i32::MIN), i64::from(i32::MAX)),
        "long" | "java.lang.Long" => whole(i64::MIN, i64::MAX),
        "float" | "java.lang.Float" => Some(Argument::Float(value.as_number()?.to_f64() as f32)),
        "double" | "java.lang.Double" => Some(Argument::Double(value.as_number()?.to_f64())),
        "char" | "java.lang.Character" => match value {
            Value::String(text) if text.chars().count() == 1 => Some(Argument::Text(text.clone())),
            _ => None,
        },
        "java.lang.String" => match value {
            Value::String(text) => Some(Argument::Text(text.clone())),
            _ => None,
        },
        _ => None,
    }
}

fn math(name: &str, arguments: &[Argument]) -> Option<Value> {
    match arguments {
        [Argument::Double(a)] => double(match name {
            "abs" => a.abs(),
            "acos" => libm::acos(*a),
            "asin" => libm::asin(*a),
            "atan" => libm::atan(*a),
            "cbrt" => libm::cbrt(*a),
            "ceil" => a.ceil(),
            "cos" => libm::cos(*a),
            "cosh" => libm::cosh(*a),
            "exp" => libm::exp(*a),
            "expm1" => libm::expm1(*a),
            "floor" => a.floor(),
            "log" => libm::log(*a),
            "log10" => libm::log10(*a),
            "log1p" => libm::log1p(*a),
            "rint" => a.round_ties_even(),
            "round" => (a + 0.5).floor(),
            "signum" => libm::copysign(f64::from(u8::from(*a != 0.0)), *a),
            "sin" => libm::sin(*a),
            "sinh" => libm::sinh(*a),
            "sqrt" => libm::sqrt(*a),
            "tan" => libm::tan(*a),
            "tanh" => libm::tanh(*a),
            "toDegrees" => a * (180.0 / std::f64::consts::PI),
            "toRadians" => a / 180.0 * std::f64::consts::PI,
            _ => return None,
        }),
        [Argument::Double(a), Argument::Double(b)] => double(match name {
            "atan2" => libm::atan2(*a, *b),
            "hypot" => libm::hypot(*a, *b),
            "max" => a.max(*b),
            "min" => a.min(*b),
            "pow" => libm::pow(*a, *b),
            _ => return None,
        }),
        [Argument::Float(a), Argument::Float(b)] => match name {
            "max" => float(a.max(*b)),
            "min" => float(a.min(*b)),
            _ => None,
        },
        [Argument::Float(a)] if name == "abs" => float(a.abs()),
        [Argument::Whole(a)] if name == "abs" => a.checked_abs().map(Value::from),
        [Argument::Whole(a), Argument::Whole(b)] => Some(Value::from(match name {
            "max" => *a.max(b),
            "min" => *a.min(b),
            _ => return None,
        })),
        _ => None,
    }
}

/// `valueOf` and `parse...` of the classes of numbers.
fn number(class: &str, name: &str, arguments: &[Argument]) -> Option<Value> {
    let parse = match class {
        "Byte" => "parseByte",
        "Short" => "parseShort",
        "Integer" => "parseInt",
        "Long" => "parseLong",
        "Float" => "parseFloat",
        _ => "parseDouble",
    };
    if name != "valueOf" && name != parse {
        return None;
    }
    match (arguments, class) {
        ([Argument::Text(text)], "Byte") => text.parse::<i8>().ok().map(|n| Value::from(i64::from(n))),
        ([Argument::Text(text)], "Short") => text.parse::<i16>().ok().map(|n| Value::from(i64::from(n))),
        ([Argument::Text(text)], "Integer") => text.parse::<i32>().ok().map(|n| Value::from(i64::from(n))),
        ([Argument::Text(text)], "Long") => text.parse::<i64>().ok().map(Value::from),
        ([Argument::Text(text)], "Float") => text.trim().parse().ok().and_then(float),
        ([Argument::Text(text)], _) => text.trim().parse().ok().and_then(double),
        ([Argument::Whole(value)], _) if name == "valueOf" => Some(Value::from(*value)),
        ([Argument::Float(value)], "Float") if name == "valueOf" => float(*value),
        ([Argument::Double(value)], "Double") if name == "valueOf" => double(*value),
        _ => None,
    }
}

/// A double as the decimal that is written for it.
fn double(value: f64) -> Option<Value> {
    value.is_finite().then(|| Number::parse(&value.to_string())).flatten().map(Value::Number)
}

fn float(value: f32) -> Option<Value> {
    value.is_finite().then(|| Number::parse(&value.to_string())).flatten().map(Value::Number)
}

fn string(machine: &mut Machine<'_>, name: &str, arguments: &[Argument]) -> Result<Option<Value>, Stop> {
    let text = match (name, arguments) {
        ("valueOf", [Argument::Text(text)]) => text.to_string(),
        ("valueOf", [Argument::Whole(value)]) => value.to_string(),
        ("valueOf", [Argument::Double(value)]) => format!("{value:?}"),
        ("valueOf", [Argument::Float(value)]) => format!("{value:?}"),
        ("format", [Argument::Text(pattern), Argument::Objects(values)]) => {
            machine.burn(pattern.len() as u64)?;
            match format(pattern, values) {
                Some(text) => text,
                None => return Err(Stop::null(format!("'{pattern}' is not a format for these values"))),
            }
        }
        _ => return Ok(None),
    };
    machine.string(text).map(Some)
}

/// `%s`, `%d`, `%f` and `%.3f`, `%n` and `%%`.
fn format(pattern: &str, values: &[Value]) -> Option<String> {
    let mut values = values.iter();
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let end = after.find(|c: char| c.is_ascii_alphabetic() || c == '%')?;
        let flags = &after[..end];
        match (after.as_bytes()[end], flags) {
            (b'%', "") => out.push('%'),
            (b'n', "") => out.push('\n'),
            (b's', "") => out.push_str(&values.next()?.to_text(Dialect::Dmn)),
            (b'd', "") => out.push_str(&values.next()?.as_number()?.to_i64()?.to_string()),
            (b'f', flags) => {
                let digits = if flags.is_empty() { 6 } else { flags.strip_prefix('.')?.parse().ok()? };
                let value = values.next()?.as_number()?.to_f64();
                out.push_str(&format!("{value:.*}", usize::min(digits, 100)));
            }
            _ => return None,
        }
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Some(out)
}
