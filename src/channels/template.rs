//! Messages in the user's own words: templates in the language of Jinja.
//!
//! A template sees the program's own body (`body`), strictly: a name that is not there is a fault, not nothing. It
//! reads no files and stops when it takes too long. A template that fails never costs an alert: the channel then says
//! it in its usual words, and the run's report says why.

use super::text;
use super::{body, test_notification};
use crate::domain::alert::{Notification, PceIdentity};
use crate::domain::summary::summary;
use crate::domain::text::{shorten, visible};
use crate::process::worker;
use crate::settings::reader::Reader;
use jiff::Timestamp;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use toml::de::DeValue;

/// Steps that one rendering may take: a thousand alerts with a hundred steps each, and some more.
const FUEL: u64 = 500_000;
/// Bytes of a template.
const LONGEST: u64 = 100_000;
const NAME: &str = "template";
/// Bytes of what it may make: more than any service takes.
const LONGEST_TEXT: usize = 1 << 20;
/// Address space and time of one rendering.
const MOST_MEMORY: u64 = 256 << 20;
const MOST_TIME: Duration = Duration::from_secs(5);
/// How the program is started that renders.
pub const WORKER: &str = "__render-template";

/// What comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    /// Text for people: names in it are made visible, nothing is escaped.
    Text,
    /// A JSON text: `{{ x }}` writes a whole JSON value.
    Json,
}

/// A template that can be read.
#[derive(Clone)]
pub struct Template {
    source: Arc<str>,
    kind: Kind,
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} template", self.kind)
    }
}

/// Why a template gives nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Fault {
    /// It cannot be read.
    Source(String),
    /// It cannot be rendered with what it was given.
    Rendering(String),
}

impl Fault {
    fn words(self) -> String {
        let (Fault::Source(words) | Fault::Rendering(words)) = self;
        words
    }
}

/// One rendering, as it is handed to the process that does it.
#[derive(Serialize, Deserialize)]
struct Job {
    source: String,
    kind: Kind,
    context: Value,
}

impl Job {
    /// Renders in a process of its own, whose memory, time and stack are bounded by the system: what a template may ask for is not
    /// bounded by counting its steps.
    fn apart(self) -> Result<String, Fault> {
        let text = serde_json::to_string(&self).map_err(|error| Fault::Rendering(error.to_string()))?;
        match worker::ask(WORKER, text.into_bytes(), MOST_MEMORY, MOST_TIME) {
            // Nobody has said which program this is: a library does it itself.
            None => self.here(),
            Some(Ok(answer)) => {
                serde_json::from_slice::<Result<String, Fault>>(&answer).unwrap_or_else(|error| Err(Fault::Rendering(error.to_string())))
            }
            Some(Err(worker::Failure::Unavailable(why))) => Err(Fault::Rendering(tr!("the template cannot be rendered: {why}", why))),
            Some(Err(worker::Failure::TooMuch)) => {
                Err(Fault::Source(tr!("the template takes too much memory or time, or is nested too deeply")))
            }
        }
    }

    fn here(&self) -> Result<String, Fault> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        let kind = self.kind;
        environment.set_auto_escape_callback(move |_| if kind == Kind::Json { AutoEscape::Json } else { AutoEscape::None });
        environment.add_template_owned(NAME, self.source.clone()).map_err(|error| Fault::Source(words(&error)))?;
        let template = environment.get_template(NAME).map_err(|error| Fault::Source(words(&error)))?;
        let out = template.render(Serde(&self.context)).map_err(|error| Fault::Rendering(words(&error)))?;
        if out.len() > LONGEST_TEXT {
            return Err(Fault::Rendering(tr!("what the template makes is longer than {most} bytes", most = LONGEST_TEXT)));
        }
        match self.kind {
            Kind::Text if out.trim().is_empty() => Err(Fault::Rendering("the template says nothing".to_owned())),
            Kind::Text => Ok(out.trim().lines().map(visible).collect::<Vec<_>>().join("\n")),
            Kind::Json => match serde_json::from_str::<serde::de::IgnoredAny>(&out) {
                Ok(_) => Ok(out.trim().to_owned()),
                Err(error) => Err(Fault::Rendering(format!(
                    "what the template makes is not JSON: {error}; {{{{ x }}}} writes a whole JSON value, with the quotes of a text"
                ))),
            },
        }
    }
}

/// The other end of a rendering in a process of its own: the job comes in, its result goes out.
pub fn work(job: &[u8]) -> Vec<u8> {
    let result = match serde_json::from_slice::<Job>(job) {
        Ok(job) => job.here(),
        Err(error) => Err(Fault::Rendering(error.to_string())),
    };
    serde_json::to_vec(&result).unwrap_or_default()
}

impl Template {
    /// The notification in the user's words.
    pub fn render(&self, notification: &Notification) -> Result<String, String> {
        self.try_render(notification).map_err(Fault::words)
    }

    fn try_render(&self, notification: &Notification) -> Result<String, Fault> {
        Job { source: self.source.to_string(), kind: self.kind, context: context(notification, self.kind) }.apart()
    }

    /// Why this notification cannot be said in the user's words, if it cannot.
    pub fn remark(&self, notification: &Notification) -> Option<String> {
        self.render(notification).err().map(|error| format!("{error}; sent in the usual words"))
    }
}

/// What a template sees: the program's own body, and each alert in the usual words.
fn context(notification: &Notification, kind: Kind) -> Value {
    let mut model = body::value(notification, &super::channel::stable_id(notification).to_string());
    if kind == Kind::Text {
        make_visible(&mut model);
    }
    model["channel"] = text::name(&notification.channel).into();
    model["headline"] = text::headline(notification).into();
    for (alert, shown) in notification.alerts.iter().zip(model["alerts"].as_array_mut().into_iter().flatten()) {
        shown["summary"] = text::cut(&summary(alert, None), text::DESCRIPTION, |_| 1).into();
        shown["title"] = text::title(alert).into();
        shown["text"] = text::block(notification, alert).into();
        shown["value_text"] = text::value(alert).into();
    }
    model
}

/// No name can begin a line of its own; only a description, which the user wrote, has lines.
fn make_visible(value: &mut Value) {
    match value {
        Value::String(text) => *text = visible(text),
        Value::Array(items) => items.iter_mut().for_each(make_visible),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if key == "description" => *text = text.lines().map(visible).collect::<Vec<_>>().join("\n"),
                    other => make_visible(other),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The fault in one line, with its place in the template.
fn words(error: &minijinja::Error) -> String {
    let detail = error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    let place = error.line().map_or_else(String::new, |line| format!("line {line} of "));
    shorten(&visible(&format!("{place}the template: {detail}")), 300)
}

/// The words of a text channel: the usual ones, or the user's.
#[derive(Debug, Clone)]
pub struct Words(Option<Template>);

impl Words {
    /// Reads the optional `template`.
    pub fn read(reader: &mut Reader<'_>) -> Option<Words> {
        reader.takes_text_or_file("template");
        if reader.raw("template").is_none() {
            return Some(Words(None));
        }
        read(reader, Kind::Text).map(|template| Words(Some(template)))
    }

    /// The notification in the user's words, if there are some that work.
    pub fn own(&self, notification: &Notification) -> Option<String> {
        self.0.as_ref()?.render(notification).ok()
    }

    /// The notification as one text of at most `room` units, in the user's words or packed in the usual ones.
    pub fn packed(&self, notification: &Notification, room: usize, cost: impl Fn(char) -> usize) -> String {
        match self.own(notification) {
            Some(own) => text::cut(&own, room, cost),
            None => text::packed(notification, room, cost),
        }
    }

    /// Why the user's words cannot be used for this notification, if they cannot.
    pub fn remark(&self, notification: &Notification) -> Option<String> {
        self.0.as_ref()?.remark(notification)
    }
}

/// Reads the `template` of a body in JSON.
pub fn read_json(reader: &mut Reader<'_>) -> Option<Template> {
    if reader.raw("template").is_none() {
        reader.missing("template", "'{ \"text\": {{ headline }} }'");
        return None;
    }
    read(reader, Kind::Json)
}

/// Reads `template = "..."` or `template = { file = "..." }` and tries it on a test message.
fn read(reader: &mut Reader<'_>, kind: Kind) -> Option<Template> {
    let in_file = matches!(reader.raw("template").map(|value| value.get_ref()), Some(DeValue::Table(_)));
    let source = if in_file {
        let mut inner = reader.table("template")?;
        let path = inner.required_string("file", "\"/etc/pcemon/message.jinja\"");
        inner.finish();
        let path = path?;
        match read_file(&path.value) {
            Ok(source) => source,
            Err(error) => {
                let message = format!("`template` in {}: cannot read {}: {error}", reader.name(), visible(&path.value));
                reader.problems().error(path.span, message, None);
                return None;
            }
        }
    } else {
        reader.required_string("template", "\"{{ headline }}\"")?.value
    };
    let template = Template { source: source.into(), kind };
    let sample = test_notification(
        "test",
        PceIdentity { url: "https://pce.example.com:8443".to_owned(), org_id: 1, ..PceIdentity::default() },
        Timestamp::UNIX_EPOCH,
    );
    match template.try_render(&sample) {
        Ok(_) => {}
        Err(Fault::Source(error)) => {
            reader.error_at("template", format!("`template` in {}: {error}", reader.name()), None);
            return None;
        }
        Err(Fault::Rendering(error)) => {
            let hint = "the channel would fall back to its usual words; a value that may be missing is written {{ x | default(\"-\") }}";
            let message = format!("`template` in {} fails for a test message: {error}", reader.name());
            reader.problems().warn(reader.span_of("template"), message, Some(hint.to_owned()));
        }
    }
    Some(template)
}

fn read_file(path: &str) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() || metadata.len() > LONGEST {
        return Err(format!("it is no file of at most {LONGEST} bytes"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification() -> Notification {
        let mut notification = test_notification("soc", PceIdentity::default(), Timestamp::UNIX_EPOCH);
        notification.alerts[0].rule = "a\u{1b}[31m\"b\" <c>".to_owned();
        notification
    }

    fn say(source: &str, kind: Kind) -> Result<String, String> {
        Template { source: source.into(), kind }.render(&notification())
    }

    #[test]
    fn texts_are_visible_and_json_is_escaped() {
        assert_eq!(say("{% for a in alerts %}{{ a.rule }}!{% endfor %}", Kind::Text).unwrap(), "a\\u{1b}[31m\"b\" <c>!");
        let json = say("{\"t\": {{ \"R: \" ~ alerts[0].rule }}, \"n\": {{ alerts[0].value }}, \"g\": {{ alerts[0].group }}}", Kind::Json);
        let read: Value = serde_json::from_str(&json.unwrap()).unwrap();
        assert_eq!((&read["t"], &read["n"]), (&"R: a\u{1b}[31m\"b\" <c>".into(), &1.into()));
        assert_eq!(read["g"]["src_workload"], "example-workload");
    }

    #[test]
    fn what_fails_says_where_and_why() {
        for (source, kind, words) in [
            ("a\n{{ alrets }}", Kind::Text, "line 2 of the template: undefined value"),
            ("{{ alerts[0].labels.team }}", Kind::Text, "undefined value"),
            ("{% for a in alerts %}", Kind::Text, "line 1 of the template: syntax error"),
            ("{% include \"/etc/passwd\" %}", Kind::Text, "template not found"),
            ("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", Kind::Text, "ran out of fuel"),
            ("  \n", Kind::Text, "says nothing"),
            ("{ \"text\": \"{{ headline }}\" }", Kind::Json, "is not JSON"),
            ("{ \"text\": {{ headline }}", Kind::Json, "is not JSON"),
        ] {
            let error = say(source, kind).unwrap_err();
            assert!(error.contains(words), "{source}: {error}");
        }
    }
}
