//! JSON as a flat list of nodes. Neither making it nor walking it recurses, so no depth of nesting ends the guest's stack.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The nodes of a text in their order. Keys of objects are nodes too.
pub struct Tree<'text> {
    text: &'text str,
    nodes: Vec<Node>,
}

struct Node {
    start: usize,
    end: usize,
    /// The node after this one and all that is in it.
    next: usize,
}

impl<'text> Tree<'text> {
    /// That the text is JSON has been checked already: it is what makes a `RawValue`.
    pub fn new(json: &'text RawValue) -> Self {
        let text = json.get();
        let bytes = text.as_bytes();
        let mut nodes: Vec<Node> = Vec::new();
        let mut open = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            at += 1;
            match bytes[start] {
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => continue,
                b'[' | b'{' => {
                    open.push(nodes.len());
                    nodes.push(Node { start, end: at, next: 0 });
                    continue;
                }
                b']' | b'}' => {
                    if let Some(index) = open.pop() {
                        let next = nodes.len();
                        nodes[index] = Node { end: at, next, ..nodes[index] };
                    }
                    continue;
                }
                b'"' => at = end_of_string(bytes, at),
                _ => {
                    while at < bytes.len() && !b",:]} \t\n\r".contains(&bytes[at]) {
                        at += 1;
                    }
                }
            }
            nodes.push(Node { start, end: at, next: nodes.len() + 1 });
        }
        Self { text, nodes }
    }

    pub fn root(&self) -> Json<'_> {
        Json { tree: self, index: 0 }
    }
}

fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// One value of a tree.
#[derive(Clone, Copy)]
pub struct Json<'tree> {
    tree: &'tree Tree<'tree>,
    index: usize,
}

impl<'tree> Json<'tree> {
    /// As it was written.
    pub fn text(self) -> &'tree str {
        let Node { start, end, .. } = self.tree.nodes[self.index];
        &self.tree.text[start..end]
    }

    /// Without white space and escapes, so that what is equal has equal texts. For small values such as names.
    pub fn compact(self) -> Result<Cow<'tree, str>, Misfit> {
        let text = self.text();
        if !text.bytes().any(|byte| b" \t\n\r\\".contains(&byte)) {
            return Ok(Cow::Borrowed(text));
        }
        let value: serde_json::Value = self.read("a name")?;
        Ok(Cow::Owned(value.to_string()))
    }

    /// Reads a small value, such as a name, into a type of its own.
    pub fn read<T: Deserialize<'tree>>(self, what: &str) -> Result<T, Misfit> {
        serde_json::from_str(self.text()).map_err(|_| self.misfit(format_args!("expected {what}")))
    }

    pub fn items(self, what: &str) -> Result<Items<'tree>, Misfit> {
        if self.text().starts_with('[') {
            return Ok(self.inside());
        }
        Err(self.misfit(format_args!("expected {what}, a list")))
    }

    /// A list of just so many values.
    pub fn tuple<const N: usize>(self, what: &str) -> Result<[Self; N], Misfit> {
        let items = self.items(what)?;
        self.exactly(items, what)
    }

    /// `["Tag", part, …]`
    pub fn tagged(self, what: &'static str) -> Result<Tagged<'tree>, Misfit> {
        let mut parts = self.items(what)?;
        let tag = parts.next().map(Json::text).unwrap_or_default();
        match tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')) {
            Some(tag) => Ok(Tagged { tag, what, whole: self, parts }),
            None => Err(self.misfit(format_args!("expected {what}, a list that begins with a text"))),
        }
    }

    /// A field of an object.
    pub fn field(self, name: &str) -> Result<Self, Misfit> {
        if !self.text().starts_with('{') {
            return Err(self.misfit(format_args!("expected an object with {name:?}")));
        }
        let mut entries = self.inside();
        while let (Some(key), Some(value)) = (entries.next(), entries.next()) {
            if key.text().trim_matches('"') == name {
                return Ok(value);
            }
        }
        Err(self.misfit(format_args!("missing field {name:?}")))
    }

    /// Why this cannot be what it should be.
    pub fn misfit(self, why: impl fmt::Display) -> Misfit {
        let before = &self.tree.text[..self.tree.nodes[self.index].start];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|char| *char != '\n').count() + 1;
        Misfit { why: why.to_string(), line, column }
    }

    fn inside(self) -> Items<'tree> {
        Items { tree: self.tree, index: self.index + 1, end: self.tree.nodes[self.index].next }
    }

    fn exactly<const N: usize>(self, mut items: Items<'tree>, what: &str) -> Result<[Self; N], Misfit> {
        let mut all = [self; N];
        for item in &mut all {
            *item = items.next().ok_or_else(|| self.misfit(format_args!("{what} is too short")))?;
        }
        match items.next() {
            Some(_) => Err(self.misfit(format_args!("{what} is too long"))),
            None => Ok(all),
        }
    }
}

/// What is in a list, or the keys and values of an object in turn.
#[derive(Clone)]
pub struct Items<'tree> {
    tree: &'tree Tree<'tree>,
    index: usize,
    end: usize,
}

impl<'tree> Iterator for Items<'tree> {
    type Item = Json<'tree>;

    fn next(&mut self) -> Option<Json<'tree>> {
        if self.index >= self.end {
            return None;
        }
        let json = Json { tree: self.tree, index: self.index };
        self.index = self.tree.nodes[self.index].next;
        Some(json)
    }
}

/// A value that says by its first part what the others are.
pub struct Tagged<'tree> {
    pub tag: &'tree str,
    what: &'static str,
    whole: Json<'tree>,
    parts: Items<'tree>,
}

impl<'tree> Tagged<'tree> {
    /// The parts after the tag, which have to be just so many.
    pub fn parts<const N: usize>(self) -> Result<[Json<'tree>; N], Misfit> {
        self.whole.exactly(self.parts, self.tag)
    }

    pub fn unknown(&self) -> Misfit {
        self.whole.misfit(format_args!("unknown {} {:?}", self.what, self.tag))
    }
}

/// What does not follow the format, and where in the text.
#[derive(Debug, PartialEq, Eq)]
pub struct Misfit {
    why: String,
    line: usize,
    column: usize,
}

impl fmt::Display for Misfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at line {} column {}", self.why, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).expect(text)
    }

    fn texts(text: &str) -> Vec<String> {
        Tree::new(raw(text)).root().inside().map(|json| json.text().to_owned()).collect()
    }

    #[test]
    fn items_are_as_they_were_written() {
        assert_eq!(texts("[]"), [""; 0]);
        assert_eq!(texts(r#"[1,"a",[2,[3]],{"b":[4]},null]"#), ["1", r#""a""#, "[2,[3]]", r#"{"b":[4]}"#, "null"]);
        assert_eq!(texts("[ -1.5e3 ,\n[ ] , true\t]"), ["-1.5e3", "[ ]", "true"]);
        assert_eq!(texts(r#"["a\"]","\\","ü["]"#), [r#""a\"]""#, r#""\\""#, r#""ü[""#]);
        assert_eq!(texts(r#"{"a" : 1, "b":{"c":2}}"#), [r#""a""#, "1", r#""b""#, r#"{"c":2}"#]);
    }

    #[test]
    fn fields_are_found_whatever_their_order() {
        let tree = Tree::new(raw(r#"{"a":{"b":1},"b":2}"#));
        assert_eq!(tree.root().field("b").unwrap().text(), "2");
        assert_eq!(tree.root().field("c").err().unwrap().to_string(), "missing field \"c\" at line 1 column 1");
        let error = tree.root().field("b").unwrap().field("c").err().unwrap();
        assert_eq!(error.to_string(), "expected an object with \"c\" at line 1 column 18");
    }

    #[test]
    fn a_place_is_a_line_and_a_column_of_letters() {
        let tree = Tree::new(raw("[\"é\",\n  [\"ü\", 5]]"));
        let [_, list] = tree.root().tuple("a pair").unwrap();
        let [_, number] = list.tuple("a pair").unwrap();
        assert_eq!(number.misfit("odd").to_string(), "odd at line 2 column 9");
    }

    #[test]
    fn tags_say_how_many_parts_there_are() {
        let tree = Tree::new(raw(r#"["Field",{},["Unit",{}],["name"]]"#));
        let field = || tree.root().tagged("a value").unwrap();
        assert_eq!(field().tag, "Field");
        assert_eq!(field().parts::<3>().unwrap()[2].text(), r#"["name"]"#);
        assert!(field().parts::<2>().err().unwrap().to_string().starts_with("Field is too long"));
        assert!(field().parts::<4>().err().unwrap().to_string().starts_with("Field is too short"));
        assert!(field().unknown().to_string().starts_with("unknown a value \"Field\""));
        for text in ["[]", "[1]", "{}", "null", r#""Field""#] {
            assert!(Tree::new(raw(text)).root().tagged("a value").is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_equal_is_equal_when_compact() {
        for text in [r#"["a","b"]"#, "[ \"a\",\n\"b\" ]", r#"["\u0061","b"]"#] {
            assert_eq!(Tree::new(raw(text)).root().compact().unwrap(), r#"["a","b"]"#);
        }
    }

    #[test]
    fn no_depth_ends_the_stack() {
        let text = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        let tree = Tree::new(raw(&text));
        let mut json = tree.root();
        let mut depth = 1;
        while let Some(inner) = json.inside().next() {
            json = inner;
            depth += 1;
        }
        assert_eq!(depth, 1_000_000);
    }
}
