//! Protocol buffers, as far as OTLP takes them: what is written, and the two answers that are read.
//!
//! By hand, because the crates for it (prost and the types of OpenTelemetry) are 42 packages for a dozen messages.

/// Writes the fields of a message. A field whose value is the default of proto3 may be left out; each call writes one.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

/// The kinds of fields on the wire.
const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED_32: u64 = 5;

impl Writer {
    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// An integer, an enum or a boolean.
    pub fn varint(&mut self, field: u64, value: u64) {
        self.raw(field << 3 | VARINT);
        self.raw(value);
    }

    /// Eight bytes: a time in nanoseconds.
    pub fn fixed64(&mut self, field: u64, value: u64) {
        self.raw(field << 3 | FIXED_64);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Eight bytes: a floating-point number.
    pub fn double(&mut self, field: u64, value: f64) {
        self.fixed64(field, value.to_bits());
    }

    /// Four bytes: flags.
    pub fn fixed32(&mut self, field: u64, value: u32) {
        self.raw(field << 3 | FIXED_32);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Bytes of any length.
    pub fn bytes(&mut self, field: u64, value: &[u8]) {
        self.raw(field << 3 | LENGTH);
        self.raw(value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    /// A text.
    pub fn text(&mut self, field: u64, value: &str) {
        self.bytes(field, value.as_bytes());
    }

    /// A text of parts.
    pub fn joined(&mut self, field: u64, parts: &[&str]) {
        self.raw(field << 3 | LENGTH);
        self.raw(parts.iter().map(|part| part.len() as u64).sum());
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part.as_bytes()));
    }

    /// A message in the message. Most are shorter than 128 bytes and take one byte for their length, which is kept
    /// free; a longer one moves on.
    pub fn message(&mut self, field: u64, fill: impl FnOnce(&mut Self)) {
        self.raw(field << 3 | LENGTH);
        let place = self.bytes.len();
        self.bytes.push(0);
        fill(self);
        let length = self.bytes.len() - place - 1;
        if length < 0x80 {
            self.bytes[place] = length as u8;
            return;
        }
        let behind = self.bytes.len();
        self.raw(length as u64);
        let mut prefix = [0; 10];
        let size = self.bytes.len() - behind;
        prefix[..size].copy_from_slice(&self.bytes[behind..]);
        self.bytes.copy_within(place + 1..behind, place + size);
        self.bytes[place..place + size].copy_from_slice(&prefix[..size]);
        self.bytes.truncate(behind + size - 1);
    }

    #[inline]
    fn raw(&mut self, value: u64) {
        // Nearly all of them: fields and the lengths of texts.
        if value < 0x80 {
            self.bytes.push(value as u8);
        } else {
            self.raw_long(value);
        }
    }

    fn raw_long(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

/// A field that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'m> {
    /// An integer.
    Varint(u64),
    /// Bytes, a text or a message.
    Bytes(&'m [u8]),
    /// Four or eight bytes, which no answer has.
    Fixed,
}

/// The fields of a message, up to the first that cannot be read.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'m> {
    rest: &'m [u8],
}

impl<'m> Fields<'m> {
    /// Reads a message.
    #[must_use]
    pub const fn of(message: &'m [u8]) -> Self {
        Self { rest: message }
    }

    /// Whether all of it has been read.
    #[cfg(test)]
    pub const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn raw(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: u64) -> Option<&'m [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }
}

impl<'m> Iterator for Fields<'m> {
    type Item = (u64, Field<'m>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let before = self.rest;
        let mut read = || {
            let key = self.raw()?;
            let field = match key & 7 {
                VARINT => Field::Varint(self.raw()?),
                LENGTH => {
                    let length = self.raw()?;
                    Field::Bytes(self.take(length)?)
                }
                FIXED_64 => self.take(8).map(|_| Field::Fixed)?,
                FIXED_32 => self.take(4).map(|_| Field::Fixed)?,
                _ => return None,
            };
            Some((key >> 3, field)).filter(|(number, _)| *number > 0)
        };
        let found = read();
        if found.is_none() {
            self.rest = before;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Fields, Writer};

    fn written(fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::default();
        fill(&mut writer);
        writer.into_bytes()
    }

    #[test]
    fn fields_are_written_as_the_encoding_guide_shows_them() {
        assert_eq!(written(|writer| writer.varint(1, 150)), [0x08, 0x96, 0x01]);
        assert_eq!(written(|writer| writer.varint(1, u64::MAX)).len(), 11);
        assert_eq!(written(|writer| writer.text(2, "testing")), b"\x12\x07testing");
        assert_eq!(
            written(|writer| writer.message(3, |inner| inner.varint(1, 150))),
            b"\x1a\x03\x08\x96\x01"
        );
        assert_eq!(written(|writer| writer.fixed32(1, 1)), [0x0d, 1, 0, 0, 0]);
        assert_eq!(written(|writer| writer.double(1, 1.0)), [0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
        assert_eq!(written(|writer| writer.varint(16, 0)), [0x80, 0x01, 0]);
    }

    #[test]
    fn a_message_of_any_length_is_read_back() {
        for length in [0, 1, 125, 126, 127, 128, 129, 16_381, 16_382, 16_383, 16_384, 100_000] {
            let text = "x".repeat(length);
            let message = written(|writer| writer.message(1, |inner| inner.text(2, &text)));
            let Some((1, Field::Bytes(inner))) = Fields::of(&message).next() else { panic!("{length}") };
            let mut fields = Fields::of(inner);
            assert_eq!(fields.next(), Some((2, Field::Bytes(text.as_bytes()))), "{length}");
            assert!(fields.is_at_end());
        }
    }

    #[test]
    fn what_is_no_message_is_not_read_to_its_end() {
        let table: [&[u8]; 8] = [
            b"\x12\x07test",
            b"\x08",
            b"\x08\xff",
            b"\x0b",
            b"\x00\x00",
            b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x",
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"<html>",
        ];
        for bytes in table {
            let mut fields = Fields::of(bytes);
            assert_eq!(fields.by_ref().count(), 0, "{bytes:?}");
            assert!(!fields.is_at_end(), "{bytes:?}");
        }
        let fixed = written(|writer| {
            writer.fixed64(1, 1);
            writer.fixed32(2, 2);
        });
        assert_eq!(Fields::of(&fixed).collect::<Vec<_>>(), [(1, Field::Fixed), (2, Field::Fixed)]);
    }
}
