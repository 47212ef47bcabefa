//! JSON as it was read, for those who look at it and write it again.
//!
//! A tree of maps takes an allocation for each name and text, and a hash for each member: half of the time that a
//! delivery took. Here all texts of a document stand in one string, and its values in one list in the order in which
//! they were read.

use std::fmt::{self, Formatter};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::de::Read;
use serde_json::{Number, Value};

/// An object with all that is in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    texts: String,
    nodes: Vec<Node>,
}

/// A value. Those that are in it follow it, each member behind its name.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    Null,
    Bool(bool),
    Number(Number),
    /// Where it stands among the texts.
    Text(usize, usize),
    /// How many are in it, and where the next value is.
    List(usize, usize),
    /// Likewise.
    Object(usize, usize),
}

/// A value of a document.
#[derive(Debug, Clone, Copy)]
pub enum Json<'d> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(&'d Number),
    /// A text.
    Text(&'d str),
    /// An array.
    List(List<'d>),
    /// An object.
    Object(Object<'d>),
}

/// An array of a document.
#[derive(Debug, Clone, Copy)]
pub struct List<'d>(Inside<'d>);

/// An object of a document, in which each name stands once.
#[derive(Debug, Clone, Copy)]
pub struct Object<'d>(Inside<'d>);

/// The nodes of what is in a value.
#[derive(Debug, Clone, Copy)]
struct Inside<'d> {
    document: &'d Document,
    count: usize,
    at: usize,
    end: usize,
}

impl Document {
    /// Reads an object. Of members of one name the last counts, at the place of the first.
    ///
    /// # Errors
    /// When it is none, or holds more than 127 of them in one another.
    pub fn read(json: &[u8]) -> serde_json::Result<Self> {
        let mut document = Self { texts: String::with_capacity(json.len()), nodes: Vec::new() };
        // As many as an envelope has, and a few more.
        document.nodes.reserve(json.len() / 10);
        let mut reading = Reading { document: &mut document, is_root: true, is_unique: true };
        // Checked in one go, which takes a tenth of what it takes text by text.
        match str::from_utf8(json) {
            Ok(text) => reading.all(serde_json::Deserializer::from_str(text))?,
            Err(_) => reading.all(serde_json::Deserializer::from_slice(json))?,
        }
        if reading.is_unique { Ok(document) } else { Self::of(&serde_json::from_slice(json)?) }
    }

    /// Takes an object over.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(value: &Value) -> serde_json::Result<Self> {
        let mut document = Self::default();
        (&mut Reading { document: &mut document, is_root: true, is_unique: true }).deserialize(value)?;
        Ok(document)
    }

    /// The object.
    #[must_use]
    pub fn object(&self) -> Object<'_> {
        match self.json(0) {
            Json::Object(object) => object,
            _ => Object(Inside { document: self, count: 0, at: 0, end: 0 }),
        }
    }

    /// A member of the object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Json<'_>> {
        self.object().get(name)
    }

    fn json(&self, at: usize) -> Json<'_> {
        let inside = |count, end| Inside { document: self, count, at: at + 1, end };
        match self.nodes.get(at) {
            None | Some(Node::Null) => Json::Null,
            Some(Node::Bool(is_true)) => Json::Bool(*is_true),
            Some(Node::Number(number)) => Json::Number(number),
            Some(Node::Text(..)) => Json::Text(self.text(at)),
            Some(Node::List(count, end)) => Json::List(List(inside(*count, *end))),
            Some(Node::Object(count, end)) => Json::Object(Object(inside(*count, *end))),
        }
    }

    /// The text that is there, as it is compared.
    #[inline]
    fn bytes(&self, at: usize) -> &[u8] {
        match self.nodes.get(at) {
            Some(Node::Text(start, end)) => self.texts.as_bytes().get(*start..*end).unwrap_or_default(),
            _ => b"",
        }
    }

    fn text(&self, at: usize) -> &str {
        match self.nodes.get(at) {
            Some(Node::Text(start, end)) => self.texts.get(*start..*end).unwrap_or_default(),
            _ => "",
        }
    }

    /// Where the value behind this one is.
    #[inline]
    fn behind(&self, at: usize) -> usize {
        match self.nodes.get(at) {
            Some(Node::List(_, end) | Node::Object(_, end)) => *end,
            _ => at + 1,
        }
    }
}

impl<'d> Json<'d> {
    /// The text, if it is one.
    #[must_use]
    pub const fn as_str(self) -> Option<&'d str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The object, if it is one.
    #[must_use]
    pub const fn as_object(self) -> Option<Object<'d>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        if let Self::Number(number) = self { number.as_f64() } else { None }
    }
}

impl<'d> Object<'d> {
    /// A member. They are looked through one by one: there are few, and those that are looked for stand in front.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Json<'d>> {
        let Inside { document, mut at, end, .. } = self.0;
        while at < end {
            if document.bytes(at) == name.as_bytes() {
                return Some(document.json(at + 1));
            }
            at = document.behind(at + 1);
        }
        None
    }

    /// Several members, found in one walk.
    #[must_use]
    pub fn pick<const N: usize>(self, names: [&str; N]) -> [Option<Json<'d>>; N] {
        let Inside { document, mut at, end, .. } = self.0;
        let mut picked = [None; N];
        while at < end {
            let known = document.bytes(at);
            if let Some(place) = names.iter().position(|name| name.as_bytes() == known) {
                picked[place] = Some(document.json(at + 1));
            }
            at = document.behind(at + 1);
        }
        picked
    }

    /// The members, in the order in which they were read.
    pub fn iter(self) -> impl Iterator<Item = (&'d str, Json<'d>)> {
        let Inside { document, mut at, end, .. } = self.0;
        std::iter::from_fn(move || {
            let name = at;
            at = document.behind(at + 1);
            (name < end).then(|| (document.text(name), document.json(name + 1)))
        })
    }

    /// Whether no two of the members have the same name.
    fn is_unique(self) -> bool {
        /// With more, all pairs are too many.
        const FEW: usize = 16;
        let Inside { document, mut at, count, .. } = self.0;
        let mut name = || {
            let name = document.bytes(at);
            at = document.behind(at + 1);
            name
        };
        if count > FEW {
            let mut names: Vec<&[u8]> = (0..count).map(|_| name()).collect();
            names.sort_unstable();
            return names.windows(2).all(|pair| pair[0] != pair[1]);
        }
        let mut names = [&b""[..]; FEW];
        (0..count).all(|place| {
            names[place] = name();
            names[..place].iter().all(|earlier| *earlier != names[place])
        })
    }
}

impl<'d> List<'d> {
    /// The values.
    pub fn iter(self) -> impl Iterator<Item = Json<'d>> {
        let Inside { document, mut at, end, .. } = self.0;
        std::iter::from_fn(move || {
            let value = at;
            at = document.behind(at);
            (value < end).then(|| document.json(value))
        })
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.object().serialize(serializer)
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.count))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(is_true) => serializer.serialize_bool(*is_true),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Object(object) => object.serialize(serializer),
            Self::List(list) => {
                let mut values = serializer.serialize_seq(Some(list.0.count))?;
                for value in list.iter() {
                    values.serialize_element(&value)?;
                }
                values.end()
            }
        }
    }
}

/// Adds what is read to a document.
struct Reading<'d> {
    document: &'d mut Document,
    /// Whether nothing was read yet: that has to be an object.
    is_root: bool,
    /// Whether no object had two members of one name until here.
    is_unique: bool,
}

impl Reading<'_> {
    fn all<'de, R: Read<'de>>(&mut self, mut from: serde_json::Deserializer<R>) -> serde_json::Result<()> {
        self.deserialize(&mut from)?;
        from.end()
    }

    fn add<E>(&mut self, node: Node) -> Result<(), E> {
        self.document.nodes.push(node);
        Ok(())
    }

    fn end(&mut self, place: usize, node: impl FnOnce(usize) -> Node) {
        let end = self.document.nodes.len();
        if let Some(begun) = self.document.nodes.get_mut(place) {
            *begun = node(end);
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Reading<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if std::mem::take(&mut self.is_root) {
            deserializer.deserialize_map(self)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for &mut Reading<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.add(Node::Null)
    }

    fn visit_bool<E>(self, is_true: bool) -> Result<(), E> {
        self.add(Node::Bool(is_true))
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.add(Node::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.add(Node::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.add(Number::from_f64(number).map_or(Node::Null, Node::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let start = self.document.texts.len();
        self.document.texts.push_str(text);
        self.add(Node::Text(start, self.document.texts.len()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let (place, mut count) = (self.document.nodes.len(), 0);
        self.add(Node::List(0, 0))?;
        while values.next_element_seed(&mut *self)?.is_some() {
            count += 1;
        }
        self.end(place, |end| Node::List(count, end));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let (place, mut count) = (self.document.nodes.len(), 0);
        self.add(Node::Object(0, 0))?;
        while members.next_key_seed(&mut *self)?.is_some() {
            members.next_value_seed(&mut *self)?;
            count += 1;
        }
        self.end(place, |end| Node::Object(count, end));
        if let Json::Object(object) = self.document.json(place) {
            self.is_unique &= object.is_unique();
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
