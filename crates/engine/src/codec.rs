//! How events and rows become bytes: CBOR arrays with a numeric tag per variant and field.
//!
//! Tags are never reused; unknown fields are skipped, so an older program reads what a newer one added as long as it
//! knows the variants. Fixtures under `tests/formats` hold every released form.

use std::sync::Arc;

use minicbor::{Decoder, Encoder, decode::Error as DecodeError, encode::Error as EncodeError, encode::Write};

/// A value as bytes. Writing into memory cannot fail, and no encoder here refuses a value.
pub fn to_bytes<T: minicbor::Encode<()>>(value: &T, capacity: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(capacity);
    let written = minicbor::encode(value, &mut bytes);
    debug_assert!(written.is_ok(), "an encoder refused a value");
    bytes
}

/// `Arc<str>` as text.
pub mod arc_str {
    use super::{Arc, DecodeError, Decoder, EncodeError, Encoder, Write};

    /// Writes the text.
    pub fn encode<C, W: Write>(
        value: &Arc<str>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.str(value)?.ok()
    }

    /// Reads the text.
    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Arc<str>, DecodeError> {
        d.str().map(Arc::from)
    }
}

/// `Option<Arc<str>>` as text or null.
pub mod opt_arc_str {
    use super::{Arc, DecodeError, Decoder, EncodeError, Encoder, Write};

    /// Writes the text or null.
    pub fn encode<C, W: Write>(
        value: &Option<Arc<str>>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        match value {
            Some(text) => e.str(text)?.ok(),
            None => e.null()?.ok(),
        }
    }

    /// Reads the text or null.
    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Option<Arc<str>>, DecodeError> {
        if d.datatype()? == minicbor::data::Type::Null {
            d.null()?;
            return Ok(None);
        }
        d.str().map(|text| Some(Arc::from(text)))
    }
}

/// A list of texts.
pub mod arc_strs {
    use super::{Arc, DecodeError, Decoder, EncodeError, Encoder, Write};

    /// Writes the texts.
    pub fn encode<C, W: Write>(
        value: &Vec<Arc<str>>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.array(value.len() as u64)?;
        for text in value {
            e.str(text)?;
        }
        Ok(())
    }

    /// Reads the texts.
    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<Arc<str>>, DecodeError> {
        d.array_iter::<&str>()?.map(|text| text.map(Arc::from)).collect()
    }
}

/// `Arc<[u8]>` as bytes.
pub mod arc_bytes {
    use super::{Arc, DecodeError, Decoder, EncodeError, Encoder, Write};

    /// Writes the bytes.
    pub fn encode<C, W: Write>(
        value: &Arc<[u8]>,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.bytes(value)?.ok()
    }

    /// Reads the bytes.
    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Arc<[u8]>, DecodeError> {
        d.bytes().map(Arc::from)
    }
}

/// Variables: names and JSON texts in turn.
pub mod variables {
    use super::{Arc, DecodeError, Decoder, EncodeError, Encoder, Write};

    type Named = Vec<(Arc<str>, Arc<str>)>;

    /// Writes names and texts in turn.
    pub fn encode<C, W: Write>(
        value: &Named,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.array(value.len() as u64 * 2)?;
        for (name, json) in value {
            e.str(name)?.str(json)?;
        }
        Ok(())
    }

    /// Reads names and texts in turn.
    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Named, DecodeError> {
        let mut texts = d.array_iter::<&str>()?;
        let mut variables = Vec::new();
        while let Some(name) = texts.next() {
            let json = texts.next().ok_or_else(|| DecodeError::message("a variable without a value"))?;
            variables.push((Arc::from(name?), Arc::from(json?)));
        }
        Ok(variables)
    }
}
