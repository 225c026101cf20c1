//! Finds every place where an IR of format version 3 names a package.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use crate::grammar::{DISTRIBUTION, Shape};

/// How deep the IR may nest. The walk is recursive, and a guest's stack ends it at about 1,000 levels (measured with
/// extism 1.41); FINOS's largest model reaches 68.
pub const MAX_DEPTH: usize = 500;

/// One package path in the IR, as a slice of the text that was searched.
pub struct Mention<'ir> {
    pub path: &'ir str,
    /// Whether it is part of a fully qualified name; otherwise it names the distribution or a dependency.
    pub is_reference: bool,
}

/// The mentions in the order of the text: the distribution's own name comes first.
pub fn mentions(distribution: &str) -> Result<Vec<Mention<'_>>, serde_json::Error> {
    let mut found = Vec::new();
    let mut json = serde_json::Deserializer::from_str(distribution);
    json.disable_recursion_limit();
    Walk { shape: &DISTRIBUTION, depth: 0, found: &mut found }.deserialize(&mut json)?;
    json.end()?;
    Ok(found)
}

struct Walk<'walk, 'ir> {
    shape: &'static Shape,
    depth: usize,
    found: &'walk mut Vec<Mention<'ir>>,
}

impl<'ir> Walk<'_, 'ir> {
    fn inside(&mut self, shape: &'static Shape) -> Walk<'_, 'ir> {
        Walk { shape, depth: self.depth + 1, found: self.found }
    }

    fn tuple<A: SeqAccess<'ir>>(
        &mut self,
        items: &mut A,
        shapes: &[&'static Shape],
        what: &str,
    ) -> Result<(), A::Error> {
        for shape in shapes {
            if items.next_element_seed(self.inside(shape))?.is_none() {
                return Err(A::Error::custom(format_args!("{what} is too short")));
            }
        }
        match items.next_element::<IgnoredAny>()? {
            Some(_) => Err(A::Error::custom(format_args!("{what} is too long"))),
            None => Ok(()),
        }
    }
}

impl<'ir> DeserializeSeed<'ir> for Walk<'_, 'ir> {
    type Value = ();

    fn deserialize<D: Deserializer<'ir>>(self, json: D) -> Result<(), D::Error> {
        if self.depth > MAX_DEPTH {
            return Err(D::Error::custom(format_args!("nested deeper than {MAX_DEPTH} levels")));
        }
        match self.shape {
            Shape::Opaque => {
                IgnoredAny::deserialize(json)?;
            }
            Shape::Package | Shape::Reference => {
                let path = <&RawValue>::deserialize(json)?.get();
                self.found.push(Mention { path, is_reference: matches!(self.shape, Shape::Reference) });
            }
            Shape::List(_) | Shape::Tuple(_) | Shape::Tagged(..) => json.deserialize_seq(self)?,
            Shape::Object(_) => json.deserialize_map(self)?,
            Shape::Attribute(_) => json.deserialize_any(self)?,
        }
        Ok(())
    }
}

impl<'ir> Visitor<'ir> for Walk<'_, 'ir> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shape {
            Shape::Tagged(what, _) => write!(out, "a {what}"),
            Shape::Object(fields) => {
                let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
                write!(out, "an object with {}", names.join(", "))
            }
            Shape::Attribute(_) => out.write_str("an inferred type, an object or null"),
            _ => out.write_str("an array"),
        }
    }

    fn visit_seq<A: SeqAccess<'ir>>(mut self, mut items: A) -> Result<(), A::Error> {
        let shape = match self.shape {
            Shape::Attribute(inferred) => inferred,
            shape => shape,
        };
        match shape {
            Shape::List(item) => {
                while items.next_element_seed(self.inside(item))?.is_some() {}
                Ok(())
            }
            Shape::Tuple(parts) => self.tuple(&mut items, parts, "the array"),
            Shape::Tagged(what, choices) => {
                let Some(tag) = items.next_element::<&str>()? else {
                    return Err(A::Error::custom(format_args!("a {what} is empty")));
                };
                match choices.iter().find(|(name, _)| *name == tag) {
                    Some((_, parts)) => self.tuple(&mut items, parts, tag),
                    // A part this grammar does not know could hide a reference: better no rename than half of one.
                    None => Err(A::Error::custom(format_args!("unknown {what} {tag:?}"))),
                }
            }
            _ => Err(A::Error::invalid_type(Unexpected::Seq, &self)),
        }
    }

    fn visit_map<A: MapAccess<'ir>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let Shape::Object(fields) = self.shape else {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        // As many as the largest object of the grammar has fields.
        let mut seen = [false; 3];
        while let Some(key) = entries.next_key::<&str>()? {
            let Some(index) = fields.iter().position(|(name, _)| *name == key) else {
                return Err(A::Error::custom(format_args!("unknown field {key:?}")));
            };
            seen[index] = true;
            entries.next_value_seed(self.inside(fields[index].1))?;
        }
        let missing = fields.iter().zip(seen).find(|((_, shape), seen)| !seen && !matches!(shape, Shape::Opaque));
        match missing {
            Some(((name, _), _)) => Err(A::Error::custom(format_args!("missing field {name:?}"))),
            None => Ok(()),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}
