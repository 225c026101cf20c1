//! Text from strangers, cut to a length that people read.

/// The beginning of a text, marked where something was cut off. Names in a module can be 100,000 bytes long.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        None => text.into(),
    }
}
