//! `match` and `exclude` as flags of a command: the same keys, values and complaints as in the config, placed at the flag.

use super::conditions::{self, Conditions, DURATION, TRUE_OR_FALSE};
use crate::domain::condition::Condition;
use crate::domain::filter::{Filter, TrafficCondition};
use crate::domain::source::SourceKind;
use crate::domain::text::visible;
use crate::settings::reader::{Level, Problems, Reader};
use crate::sources::TRAFFIC;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// What one flag asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The flag as typed.
    pub flag: String,
    /// The key it stands for; `None`: its values are whole tables as in the config.
    pub key: Option<String>,
    /// Its values; each may be a list with commas.
    pub values: Vec<String>,
    /// Whether it leaves out instead of asking for.
    pub exclude: bool,
}

/// A filter read from flags, and what the reader should know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<C> {
    /// The filter.
    pub filter: Filter<C>,
    /// Nothing wrong, but probably not meant.
    pub warnings: Vec<String>,
}

/// Reads a filter of flows. The error holds every complaint, ready to print.
pub fn traffic(asked: &[Asked]) -> Result<Chosen<TrafficCondition>, String> {
    choose(TRAFFIC, asked, conditions::traffic_conditions)
}

/// Reads a filter of records. The error holds every complaint, ready to print.
pub fn records(source: SourceKind, asked: &[Asked]) -> Result<Chosen<Condition>, String> {
    choose(source, asked, |reader| conditions::record_conditions(reader, source))
}

fn choose<C: PartialEq>(
    source: SourceKind,
    asked: &[Asked],
    read: impl Fn(Reader<'_>) -> Option<Conditions<C>>,
) -> Result<Chosen<C>, String> {
    let mut complaints = Complaints::default();
    let mut side = |exclude: bool| {
        let mut out = Vec::new();
        let of_side = || asked.iter().filter(move |asked| asked.exclude == exclude);
        let flags = as_table(source, of_side().filter(|asked| asked.key.is_some()));
        out.extend(complaints.read(&flags, &read));
        for asked in of_side().filter(|asked| asked.key.is_none()) {
            for value in &asked.values {
                let braces = value.trim_start().starts_with('{');
                let text = if braces { format!("it = {value}") } else { format!("it = {{ {value} }}") };
                let places = vec![(0..text.len(), asked.flag.clone())];
                out.extend(complaints.read(&Written { text, places, wrapped: true }, &read));
            }
        }
        out.into_iter().flatten().collect::<Conditions<C>>()
    };
    let filter = Filter { all: side(false), none: side(true) };
    if let Some(key) = conditions::contradiction(&filter) {
        let message = tr!("nothing can match: what `{key}` selects is excluded again", key);
        complaints.errors.push(format!("error: {message}"));
    }
    if complaints.errors.is_empty() { Ok(Chosen { filter, warnings: complaints.warnings }) } else { Err(complaints.errors.join("\n")) }
}

/// Flags written down as the config would have them, with the flag that each place comes from.
struct Written {
    text: String,
    places: Vec<(Range<usize>, String)>,
    /// Whether the table lies inside of another one.
    wrapped: bool,
}

fn as_table<'a>(source: SourceKind, asked: impl Iterator<Item = &'a Asked>) -> Written {
    let keys = conditions::keys(source);
    let mut written = Written { text: String::new(), places: Vec::new(), wrapped: false };
    for asked in asked {
        let Some(key) = &asked.key else { continue };
        let start = written.text.len();
        let takes = keys.iter().find(|have| have.name == *key).map_or("", |have| have.takes);
        let bare = takes == TRUE_OR_FALSE;
        let items: Vec<String> = asked.values.iter().flat_map(|value| split(value)).map(|item| quoted(item, bare)).collect();
        let single = bare || takes == DURATION;
        let list = if single { items.last().cloned().unwrap_or_default() } else { format!("[{}]", items.join(", ")) };
        written.text.push_str(&format!("{key} = {list}\n"));
        written.places.push((start..written.text.len(), asked.flag.clone()));
    }
    written
}

fn quoted(item: &str, bare: bool) -> String {
    if bare && matches!(item, "true" | "false") { item.to_owned() } else { toml::Value::String(item.to_owned()).to_string() }
}

/// Splits at commas, except inside the braces of a pattern.
fn split(list: &str) -> Vec<&str> {
    let mut depth = 0u32;
    let parts = list.split(|c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.map(str::trim).collect()
}

#[derive(Default)]
struct Complaints {
    errors: Vec<String>,
    warnings: Vec<String>,
}

impl Complaints {
    fn read<C>(&mut self, written: &Written, read: &dyn Fn(Reader<'_>) -> Option<Conditions<C>>) -> Option<Conditions<C>> {
        let flag = |span: &Range<usize>| {
            let place = written.places.iter().find(|(range, _)| range.contains(&span.start)).or(written.places.first());
            place.map_or_else(String::new, |(_, flag)| flag.clone())
        };
        let document = match DeTable::parse(&written.text) {
            Ok(document) => document,
            Err(error) => {
                let at = flag(&error.span().unwrap_or(0..0));
                let help =
                    tr!("write a table as in the config, for example '{example}'", example = "decision = [\"blocked\"], port = [3306]");
                self.errors.push(format!("error: {at}: {}\n  help: {help}", visible(error.message())));
                return None;
            }
        };
        let problems = Problems::default();
        let mut table = document.get_ref();
        if written.wrapped
            && let Some(DeValue::Table(inner)) = table.get("it").map(toml::Spanned::get_ref)
        {
            table = inner;
        }
        let conditions = read(Reader::new(table, 0..0, &tr!("the query"), &problems));
        for problem in problems.into_sorted() {
            let mut text = format!("{}: {}", flag(&problem.span), visible(&problem.message));
            match problem.level {
                Level::Error => {
                    if let Some(hint) = &problem.hint {
                        text.push_str(&format!("\n  help: {}", visible(hint)));
                    }
                    self.errors.push(format!("error: {text}"));
                }
                Level::Warning => {
                    if let Some(hint) = &problem.hint {
                        text.push_str(&format!(" ({})", visible(hint)));
                    }
                    self.warnings.push(text);
                }
            }
        }
        conditions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::domain::rule::Matcher;
    use std::path::Path;

    fn flag(key: &str, values: &[&str], exclude: bool) -> Asked {
        let dashes = key.replace('_', "-");
        Asked {
            flag: format!("--{}{dashes}", if exclude { "not-" } else { "" }),
            key: Some(key.to_owned()),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            exclude,
        }
    }

    fn table(text: &str, exclude: bool) -> Asked {
        let flag = if exclude { "--exclude" } else { "--match" };
        Asked { flag: flag.to_owned(), key: None, values: vec![text.to_owned()], exclude }
    }

    /// The filter that a rule of the config with these tables has.
    fn in_the_config(tables: &str) -> Filter<TrafficCondition> {
        let text = format!("[[rules]]\nname = \"a\"\nsource = \"traffic\"\nwarning = \"> 1\"\n{tables}\n");
        match parse(Path::new("rules.toml"), &text).unwrap().rules.remove(0).matcher {
            Matcher::Traffic(filter) => filter,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_mean_what_the_config_means() {
        let want = in_the_config(
            "match = { decision = [\"blocked\", \"unknown\"], dst_label = [\"role=DB\", \"role={a,b}*\"], port = [3306, \"1433/tcp\"], src_managed = true }\nexclude = { src_ip = [\"10.0.0.0/8\"] }",
        );
        let flags = [
            flag("decision", &["blocked,unknown"], false),
            flag("dst_label", &["role=DB", "role={a,b}*"], false),
            flag("port", &["3306, 1433/tcp"], false),
            flag("src_managed", &["true"], false),
            flag("src_ip", &["10.0.0.0/8"], true),
        ];
        assert_eq!(traffic(&flags).unwrap().filter, want);
        for text in [
            "{ decision = [\"blocked\", \"unknown\"], port = [3306, \"1433/tcp\"] }",
            "decision = [\"blocked\", \"unknown\"], port = [3306, \"1433/tcp\"]",
        ] {
            let found = traffic(&[table(text, false), table("src_ip = \"10.0.0.0/8\"", true)]).unwrap().filter;
            let want = in_the_config(
                "match = { decision = [\"blocked\", \"unknown\"], port = [3306, \"1433/tcp\"] }\nexclude = { src_ip = [\"10.0.0.0/8\"] }",
            );
            assert_eq!(found, want, "{text}");
        }
        assert_eq!(traffic(&[]).unwrap().filter, Filter { all: vec![], none: vec![] });
    }

    #[test]
    fn every_complaint_names_its_flag() {
        let wrong = traffic(&[
            flag("decision", &["blokced"], false),
            flag("port", &["http"], false),
            flag("src_managed", &["perhaps"], false),
            flag("src_ip", &["10.0.0.300"], true),
            table("dst_lable = \"a=b\"", false),
            table("dst_label = ", true),
        ])
        .unwrap_err();
        for part in [
            "error: --decision: `decision` in the query cannot be 'blokced'\n  help: did you mean `blocked`?",
            "error: --port: ",
            "error: --src-managed: ",
            "error: --not-src-ip: ",
            "error: --match: unknown key `dst_lable` in the query\n  help: did you mean `dst_label`?",
            "error: --exclude: ",
        ] {
            assert!(wrong.contains(part), "{part} is not in\n{wrong}");
        }
        let wrong = traffic(&[flag("port", &["22"], false), flag("port", &["22"], true)]).unwrap_err();
        assert!(wrong.contains("is excluded again"), "{wrong}");
        assert!(!records(crate::sources::EVENTS, &[flag("severity", &["eror"], false)]).unwrap().warnings.is_empty());
    }

    #[test]
    fn commas_inside_of_braces_belong_to_the_pattern() {
        assert_eq!(split("a, {b,c}d,e"), ["a", "{b,c}d", "e"]);
        assert_eq!(split("a}b,c"), ["a}b", "c"]);
    }
}
