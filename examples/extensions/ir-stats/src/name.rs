//! Names of the IR: lists of words, and how they are written for readers.

use serde::Deserialize;

use crate::json::{Json, Misfit};

/// `["value","in","u","s","d"]`
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(Vec<String>);

impl Name {
    pub fn read(json: Json) -> Result<Self, Misfit> {
        json.read("a name, a list of words")
    }

    /// `ValueInUSD`, as types and modules are written.
    pub fn title(&self) -> String {
        self.0.iter().map(|word| capital(word)).collect()
    }

    /// `valueInUSD`, as values and fields are written.
    pub fn camel(&self) -> String {
        let mut words = self.0.iter();
        let first = words.next().cloned().unwrap_or_default();
        words.fold(first, |name, word| name + &capital(word))
    }

    /// `value_in_USD`: single letters are an abbreviation, unless the name is nothing else.
    pub fn snake(&self) -> String {
        if let [word] = &self.0[..] {
            return word.clone();
        }
        let mut words: Vec<String> = Vec::new();
        let mut abbreviates = false;
        for word in &self.0 {
            let letter = word.chars().count() == 1;
            match words.last_mut() {
                Some(last) if letter && abbreviates => last.push_str(&word.to_uppercase()),
                _ if letter => words.push(word.to_uppercase()),
                _ => words.push(word.clone()),
            }
            abbreviates = letter;
        }
        words.join("_")
    }
}

/// `[["morphir"],["s","d","k"]]`: the name of a package or a module.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<Name>);

impl Path {
    pub fn read(json: Json) -> Result<Self, Misfit> {
        json.read("a path, a list of names")
    }

    /// `Morphir.SDK`
    pub fn title(&self) -> String {
        self.0.iter().map(Name::title).collect::<Vec<_>>().join(".")
    }

    /// `morphir-SDK`
    pub fn snake(&self) -> String {
        self.0.iter().map(Name::snake).collect::<Vec<_>>().join("-")
    }
}

/// `[package path, module path, name]`
pub struct FqName {
    pub package: Path,
    pub module: Path,
    pub name: Name,
}

impl FqName {
    pub fn read(json: Json) -> Result<Self, Misfit> {
        let [package, module, name] = json.tuple("a fully qualified name")?;
        Ok(Self { package: Path::read(package)?, module: Path::read(module)?, name: Name::read(name)? })
    }

    /// `Morphir.SDK:Basics:int`, as morphir-elm writes it.
    pub fn colons(&self) -> String {
        format!("{}:{}:{}", self.package.title(), self.module.title(), self.name.camel())
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(words: &[&str]) -> Name {
        Name(words.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn names_are_written_as_morphir_elm_writes_them() {
        for (words, title, camel, snake) in [
            (&["value", "in", "u", "s", "d"][..], "ValueInUSD", "valueInUSD", "value_in_USD"),
            (&["f", "r", "2052", "a"], "FR2052A", "fR2052A", "FR_2052_A"),
            (&["test", "model"], "TestModel", "testModel", "test_model"),
            (&["a"], "A", "a", "a"),
            (&["a", "b"], "AB", "aB", "AB"),
            (&["\u{fc}ber"], "\u{dc}ber", "\u{fc}ber", "\u{fc}ber"),
            (&[], "", "", ""),
        ] {
            let name = name(words);
            assert_eq!((&*name.title(), &*name.camel(), &*name.snake()), (title, camel, snake));
        }
    }

    #[test]
    fn paths_are_joined() {
        let path = Path(vec![name(&["morphir"]), name(&["s", "d", "k"])]);
        assert_eq!((&*path.title(), &*path.snake()), ("Morphir.SDK", "morphir-SDK"));
    }
}
