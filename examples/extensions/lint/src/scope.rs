//! The names that are in scope at one place of a value, and what became of them.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{Json, Misfit};

/// What a name was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Argument,
    Binding,
    /// A part of what is matched, taken apart, or handed to a lambda.
    Pattern,
}

/// A name in scope.
pub struct Bound<'tree> {
    pub name: Json<'tree>,
    pub kind: Kind,
    key: Cow<'tree, str>,
    uses: usize,
    /// In its own definition: a function that only calls itself is not used.
    defining: bool,
}

impl Bound<'_> {
    pub fn is_used(&self) -> bool {
        self.uses > 0
    }
}

/// Later names hide earlier ones.
#[derive(Default)]
pub struct Scope<'tree> {
    bounds: Vec<Bound<'tree>>,
    /// Where each name is in the list above, the last place at the end.
    places: HashMap<Cow<'tree, str>, Vec<usize>>,
}

impl<'tree> Scope<'tree> {
    /// Whether it hides another.
    pub fn bind(&mut self, name: Json<'tree>, kind: Kind) -> Result<bool, Misfit> {
        let key = name.compact()?;
        let places = self.places.entry(key.clone()).or_default();
        let hides = !places.is_empty();
        places.push(self.bounds.len());
        self.bounds.push(Bound { name, kind, key, uses: 0, defining: false });
        Ok(hides)
    }

    /// The last that was bound.
    pub fn unbind(&mut self) -> Option<Bound<'tree>> {
        let bound = self.bounds.pop()?;
        if let Some(places) = self.places.get_mut(&bound.key) {
            places.pop();
        }
        Some(bound)
    }

    /// Names that are not in scope are another tool's to find.
    pub fn use_name(&mut self, name: Json<'tree>) -> Result<(), Misfit> {
        if let Some(bound) = self.find(name)? {
            bound.uses += usize::from(!bound.defining);
        }
        Ok(())
    }

    pub fn set_defining(&mut self, name: Json<'tree>, defining: bool) -> Result<(), Misfit> {
        if let Some(bound) = self.find(name)? {
            bound.defining = defining;
        }
        Ok(())
    }

    fn find(&mut self, name: Json<'tree>) -> Result<Option<&mut Bound<'tree>>, Misfit> {
        let place = self.places.get(&name.compact()?).and_then(|places| places.last());
        Ok(place.and_then(|place| self.bounds.get_mut(*place)))
    }
}
