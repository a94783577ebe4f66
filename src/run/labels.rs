//! Labels of which a flow tells the address only: they are looked up once, when the first of them is met.

use super::recording::{RecordedAnswer, not_asked};
use crate::domain::fault::{Fault, Party};
use crate::domain::text::visible;
use crate::pce::Client;
use crate::pce::labels::Labels;
use crate::sources::TRAFFIC;

/// Where a run looks labels up.
pub struct LabelBook<'r> {
    recording: Option<RecordedAnswer<'r>>,
    client: Option<&'r Client>,
    known: Option<Labels>,
    /// Why some of them could not be had, for people.
    pub trouble: Option<Fault>,
}

impl<'r> LabelBook<'r> {
    /// Of a recorded answer, which holds them when they were asked for, or else of the PCE.
    pub fn new(recording: Option<RecordedAnswer<'r>>, client: Option<&'r Client>) -> Self {
        Self { recording, client, known: None, trouble: None }
    }

    /// Key and value of a label.
    pub fn find(&mut self, href: &str) -> Option<(String, String)> {
        if self.known.is_none() {
            let mut labels = Labels::default();
            self.trouble = match (self.recording, self.client) {
                (Some(recording), _) => recorded(recording, &mut labels).err(),
                (None, Some(client)) => asked(client, &mut labels),
                (None, None) => None,
            };
            self.known = Some(labels);
        }
        self.known.as_ref()?.get(href).cloned()
    }
}

fn asked(client: &Client, labels: &mut Labels) -> Option<Fault> {
    log::info!("the flows refer to labels by href only: reading all labels");
    match client.labels(&mut |_, body| labels.read(body)) {
        Ok(listed) => {
            let told = |missing: String| tr!("some labels of the flows are not known: {missing}", missing = visible(&missing));
            listed.missing.map(|missing| Fault::of(Party::Target, told(missing)))
        }
        Err(error) => Some(
            Fault::from(error)
                .said(|error| tr!("the flows refer to labels by href only, and the labels could not be read: {error}", error)),
        ),
    }
}

fn recorded(recording: RecordedAnswer<'_>, labels: &mut Labels) -> Result<(), Fault> {
    if recording.folder().is_none() {
        let why = tr!("the flows refer to labels by href only; a folder of --record includes the labels, a single file does not");
        return Err(Fault::of(Party::File, why));
    }
    let located = recording.of(TRAFFIC, None).map_err(|report| report.error.unwrap_or_else(not_asked))?;
    for file in located.files("labels-")? {
        labels.read(&mut file.open()?).map_err(|error| Fault::of(Party::File, format!("{}: {error}", file.name())))?;
    }
    Ok(())
}
