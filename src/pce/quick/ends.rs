//! One end of a flow, read where it lies. Like the record around it: only the usual forms; [`super::super::wire`] decides
//! about the rest, and means the same by what is read here.

use super::{Cursor, Once, Span};
use crate::domain::record::{Endpoint, Workload};

impl<'b> Cursor<'b, '_> {
    /// The end at the cursor. `None`: read it the thorough way.
    pub(super) fn endpoint(&mut self) -> Option<Endpoint> {
        let mut once = Once::default();
        let mut endpoint = Endpoint::default();
        self.object(|cursor, key| {
            match key {
                b"ip" => {
                    once.first(0)?;
                    endpoint.ip_text = cursor.owned()?;
                    endpoint.ip = endpoint.ip_text.parse().ok();
                }
                b"workload" => {
                    once.first(1)?;
                    endpoint.workload =
                        if cursor.peek()? == b'n' { cursor.word(b"null").map(|()| None)? } else { Some(cursor.workload()?) };
                }
                b"ip_lists" => {
                    once.first(2)?;
                    cursor.list_or_null(|cursor| {
                        let mut once = Once::default();
                        let mut name = None;
                        cursor.object(|cursor, key| match key {
                            b"name" => {
                                once.first(0)?;
                                name = cursor.owned_or_null()?;
                                Some(())
                            }
                            _ => cursor.skip(0),
                        })?;
                        endpoint.ip_lists.extend(name);
                        Some(())
                    })?;
                }
                b"fqdn" => {
                    once.first(3)?;
                    endpoint.fqdn = cursor.owned()?;
                }
                _ => cursor.skip(0)?,
            }
            Some(())
        })?;
        Some(endpoint)
    }

    fn workload(&mut self) -> Option<Workload> {
        let mut once = Once::default();
        let mut workload = Workload::default();
        self.object(|cursor, key| {
            let (number, text) = match key {
                b"href" => (0, &mut workload.href),
                b"name" => (1, &mut workload.name),
                b"hostname" => (2, &mut workload.hostname),
                b"enforcement_mode" => (3, &mut workload.enforcement),
                b"os_type" => (4, &mut workload.os),
                b"managed" => {
                    once.first(5)?;
                    workload.managed = match cursor.peek()? {
                        b't' => cursor.word(b"true").map(|()| Some(true))?,
                        b'f' => cursor.word(b"false").map(|()| Some(false))?,
                        _ => cursor.word(b"null").map(|()| None)?,
                    };
                    return Some(());
                }
                b"labels" => {
                    once.first(6)?;
                    return cursor.list_or_null(|cursor| {
                        workload.labels.extend(cursor.label()?);
                        Some(())
                    });
                }
                _ => return cursor.skip(0),
            };
            once.first(number)?;
            *text = cursor.owned()?;
            Some(())
        })?;
        Some(workload)
    }

    /// A label with key and value; one that lacks either is none.
    fn label(&mut self) -> Option<Option<(String, String)>> {
        let mut once = Once::default();
        let (mut name, mut value) = (None, None);
        self.object(|cursor, key| {
            let (number, text) = match key {
                b"key" => (0, &mut name),
                b"value" => (1, &mut value),
                _ => return cursor.skip(0),
            };
            once.first(number)?;
            *text = cursor.owned_or_null()?;
            Some(())
        })?;
        Some(name.zip(value))
    }

    /// A text; `null` is an empty one.
    fn owned(&mut self) -> Option<String> {
        self.owned_or_null().map(Option::unwrap_or_default)
    }

    fn owned_or_null(&mut self) -> Option<Option<String>> {
        if self.peek()? == b'n' {
            return self.word(b"null").map(|()| None);
        }
        let Span { from, to, unescaped } = self.text()?;
        let (from, to) = (from as usize, to as usize);
        let text = if unescaped { self.scratch.get(from..to)? } else { std::str::from_utf8(self.bytes.get(from..to)?).ok()? };
        Some(Some(text.to_owned()))
    }

    pub(super) fn list_or_null(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if self.peek()? == b'n' {
            return self.word(b"null");
        }
        self.literal(b'[')?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            each(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }
}
