//! The documented example, and what it says about each key: the words for help texts and for editors.

/// The documented example, as it is shipped.
pub const EXAMPLE: &str = include_str!("../../rules.example.toml");
/// The tests of its rules, as shipped.
pub const EXAMPLE_TESTS: &str = include_str!("../../rules.example.test.toml");

/// What the example says about one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `pce`, `run` and so on; `rule` for the keys of a rule; `match` for those of its conditions.
    pub table: &'static str,
    /// Of a condition: the source it is for; else nothing.
    pub source: &'static str,
    /// The key.
    pub key: &'static str,
    /// A value as it could stand there.
    pub value: &'static str,
    /// What it means; may be empty.
    pub text: String,
}

/// Every key that the example documents, in its order.
pub fn entries() -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    let (mut table, mut source) = ("", "");
    let mut said = String::new();
    let mut after_a_key = false;
    for line in EXAMPLE.lines() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        if line.starts_with("# >>>") || line.starts_with("# -----") && table == "match" {
            break;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            table = name;
        } else if line.starts_with("# A rule.") {
            table = "rule";
        } else if line.starts_with("# Keys of `match`") {
            table = "match";
            source = line.split_once(" for ").and_then(|(_, rest)| rest.split(['.', ':']).next()).unwrap_or_default();
        }
        let in_a_list = matches!(table, "rule" | "match");
        if let Some((key, rest)) = bare.split_once(" = ").filter(|(key, _)| is_key(key)) {
            // Behind two spaces a line of a list says what it means; elsewhere the lines above do.
            let (value, text) = rest.split_once("  ").unwrap_or((rest, ""));
            let text = if in_a_list { text.trim().to_owned() } else { said.clone() };
            out.push(Entry { table, source, key, value: value.trim(), text });
            after_a_key = true;
        } else if let Some(more) = line.strip_prefix("#          ").filter(|_| in_a_list) {
            if let Some(entry) = out.last_mut() {
                entry.text.push(' ');
                entry.text.push_str(more.trim());
            }
        } else if line.starts_with("# ") && !line.starts_with("# ---") {
            if after_a_key {
                said.clear();
                after_a_key = false;
            }
            if !said.is_empty() {
                said.push(' ');
            }
            said.push_str(bare.trim());
        } else {
            said.clear();
        }
    }
    out
}

/// What the example says about a key, or nothing.
pub fn text(table: &str, key: &str) -> Option<String> {
    entries().into_iter().find(|entry| entry.table == table && entry.key == key).map(|entry| entry.text).filter(|text| !text.is_empty())
}

/// What a key of a rule means, where the example has a table instead of a sentence.
pub fn sentence(key: &str) -> Option<&'static str> {
    super::defaults::about(&["rule"], key)
}

/// What the example says about a condition on this source, or nothing.
pub fn condition(source: &str, key: &str) -> Option<String> {
    entries().into_iter().find(|entry| entry.source == source && entry.key == key).map(|entry| entry.text).filter(|text| !text.is_empty())
}

/// The pieces of the example's channels and routes in which this line stands, as they are without their comment signs.
pub fn shown(line: &str) -> Vec<String> {
    let lines = EXAMPLE.lines().skip_while(|line| !line.starts_with("# >>>")).skip(1).take_while(|line| !line.starts_with("# <<<"));
    let text: String =
        lines.map(|line| line.strip_prefix("# ").or_else(|| line.strip_prefix('#')).unwrap_or(line).to_owned() + "\n").collect();
    text.split("\n\n").filter(|piece| piece.lines().any(|have| have == line)).map(|piece| format!("{}\n", piece.trim_end())).collect()
}

/// What stands behind a key in one of these pieces, or nothing.
pub fn remark(pieces: &[String], key: &str) -> Option<String> {
    let lines = pieces.iter().flat_map(|piece| piece.lines()).map(|line| line.strip_prefix("# ").unwrap_or(line));
    let of_key = lines.filter(|line| line.split_once(" = ").is_some_and(|(have, _)| have == key));
    of_key.filter_map(|line| line.split_once(" # ")).map(|(_, text)| text.trim().to_owned()).next()
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_tables_and_of_lists_have_their_words() {
        assert!(text("pce", "api_secret").unwrap().starts_with("A secret is"), "two keys may share what stands above them");
        assert!(text("run", "deadline").unwrap().starts_with("Time limit of the whole run"));
        assert_eq!(text("rule", "cooldown").unwrap(), "least time between reminders; keep it at or above the window");
        assert!(text("rule", "metric").unwrap().contains("health:"), "lines may go on");
        assert!(text("match", "any_label").unwrap().contains("one end"));
        assert_eq!(condition("events", "src_ip").unwrap(), "address of the API call", "not what it means of traffic");
        assert_eq!(condition("traffic", "src_ip"), None);
        assert_eq!(remark(&shown("[[channels]]"), "send_resolved").unwrap(), "whether the end of an alert is sent");
        assert!(shown("[[inhibit]]").concat().contains("\n[[inhibit]]\n"));
        let count = |table: &str| entries().iter().filter(|entry| entry.table == table).count();
        assert!(count("rule") >= 18 && count("match") >= 35 && count("pce") >= 9, "{:#?}", entries());
    }
}
