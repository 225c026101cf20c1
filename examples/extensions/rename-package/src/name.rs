//! Package names: `AcmeRegs.US` as people write it, `[["acme","regs"],["u","s"]]` as the IR spells it.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A package name: dotted names, each a list of lower-case words.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct PackageName(Vec<Vec<String>>);

impl PackageName {
    /// Reads the IR's spelling.
    pub fn from_ir(json: &str) -> Result<Self, InvalidName> {
        match serde_json::from_str(json) {
            Ok(names) => Ok(Self(names)),
            Err(_) => Err(InvalidName::new(json, "is not an IR path: a list of lists of words")),
        }
    }

    /// Writes the IR's spelling, without white space, as morphir-elm does.
    pub fn to_ir(&self) -> String {
        serde_json::to_string(&self.0).expect("lists of strings are always JSON")
    }
}

/// Splits as morphir-elm does, whose pattern for a word is `[a-zA-Z][a-z]*|[0-9]+`. What that pattern would skip in
/// silence, an underscore or an accented letter, is refused instead: a rename must not invent a name.
impl FromStr for PackageName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = |why| InvalidName::new(text, why);
        let mut names = Vec::new();
        for name in text.split('.') {
            match name.chars().next() {
                None => {
                    return Err(invalid("has an empty part: write dotted names such as AcmeRegs.US"));
                }
                Some(first) if !first.is_ascii_alphabetic() => {
                    return Err(invalid("has a part that does not start with a letter from A to Z"));
                }
                Some(_) => {}
            }
            if !name.chars().all(|char| char.is_ascii_alphanumeric()) {
                return Err(invalid("may only hold letters from A to Z, digits and dots"));
            }
            names.push(words(name));
        }
        Ok(Self(names))
    }
}

fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = None;
    for char in name.chars() {
        let continues = match previous {
            Some(before) if char.is_ascii_digit() => char::is_ascii_digit(&before),
            Some(before) => char.is_ascii_lowercase() && before.is_ascii_alphabetic(),
            None => false,
        };
        match words.last_mut() {
            Some(word) if continues => word.push(char),
            _ => words.push(char.to_ascii_lowercase().to_string()),
        }
        previous = Some(char);
    }
    words
}

impl TryFrom<String> for PackageName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, words) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str(".")?;
            }
            for word in words {
                let mut chars = word.chars();
                if let Some(first) = chars.next() {
                    write!(out, "{}{}", first.to_ascii_uppercase(), chars.as_str())?;
                }
            }
        }
        Ok(())
    }
}

/// A text that is no package name, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidName {
    text: String,
    why: &'static str,
}

impl InvalidName {
    fn new(text: &str, why: &'static str) -> Self {
        Self { text: text.to_owned(), why }
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "package name {:?} {}", self.text, self.why)
    }
}

impl std::error::Error for InvalidName {}

#[cfg(test)]
mod tests {
    use super::*;

    fn ir(text: &str) -> String {
        text.parse::<PackageName>().expect(text).to_ir()
    }

    #[test]
    fn a_capital_starts_a_word() {
        assert_eq!(ir("Regulation"), r#"[["regulation"]]"#);
        assert_eq!(ir("AcmeRegs.US"), r#"[["acme","regs"],["u","s"]]"#);
        assert_eq!(ir("Morphir.Reference.Model"), r#"[["morphir"],["reference"],["model"]]"#);
        assert_eq!(ir("valueInUSD"), r#"[["value","in","u","s","d"]]"#);
    }

    #[test]
    fn digits_are_a_word_and_so_are_the_letters_after_them() {
        assert_eq!(ir("FR2052A"), r#"[["f","r","2052","a"]]"#);
        assert_eq!(ir("Basel3rules"), r#"[["basel","3","rules"]]"#);
    }

    #[test]
    fn a_name_survives_being_written_and_read() {
        for text in ["Regulation", "AcmeRegs.US", "FR2052A.Fields"] {
            let name: PackageName = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
            assert_eq!(PackageName::from_ir(&name.to_ir()).unwrap(), name);
        }
    }

    #[test]
    fn the_ir_may_hold_white_space() {
        let name = PackageName::from_ir("[ [ \"acme\",\n \"regs\" ] ]").unwrap();
        assert_eq!(name.to_string(), "AcmeRegs");
    }

    #[test]
    fn what_would_be_lost_in_silence_is_refused() {
        for (text, why) in [
            ("", "an empty part"),
            ("Acme..Regs", "an empty part"),
            ("Acme.", "an empty part"),
            ("2052A", "does not start with a letter"),
            (" Acme", "does not start with a letter"),
            ("Acme_Regs", "may only hold"),
            ("Acme/Regs", "may only hold"),
            ("Régulation", "may only hold"),
        ] {
            let error = text.parse::<PackageName>().expect_err(text).to_string();
            assert!(error.contains(why), "{error}");
            assert!(error.starts_with(&format!("package name {text:?}")), "{error}");
        }
        assert!(PackageName::from_ir(r#"["acme"]"#).is_err());
    }
}
