//! Logical ids of the template and the names used everywhere else: `SigeWindowSync` is `sige-window-sync`.

/// The kebab name of a PascalCase logical id.
pub fn kebab(logical_id: &str) -> String {
    let mut name = String::with_capacity(logical_id.len() + 4);
    for (place, letter) in logical_id.char_indices() {
        if letter.is_ascii_uppercase() && place > 0 {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// The PascalCase logical id of a kebab name.
pub fn pascal(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('-').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logical_id_and_its_name_lead_to_each_other() {
        for (id, name) in [
            ("SigeWindowSync", "sige-window-sync"),
            ("Dispatch", "dispatch"),
            ("ScheduleDlq", "schedule-dlq"),
        ] {
            assert_eq!((kebab(id).as_str(), pascal(name).as_str()), (name, id));
        }
    }
}
