//! One end of a flow, read where it lies. Like the record around it: only the usual forms; [`super::super::wire`] decides
//! about the rest, and means the same by what is read here.

use super::super::wire::{EndParts, LabelParts, WorkloadParts};
use super::{Cursor, Once, Span};

impl<'b> Cursor<'b, '_> {
    /// The end at the cursor. `None`: read it the thorough way.
    pub(super) fn endpoint(&mut self) -> Option<EndParts> {
        let mut once = Once::default();
        let mut parts = EndParts::default();
        self.object(|cursor, key| {
            match key {
                b"ip" => {
                    once.first(0)?;
                    parts.ip = cursor.owned()?;
                }
                b"workload" => {
                    once.first(1)?;
                    parts.workload = if cursor.peek()? == b'n' { cursor.word(b"null").map(|()| None)? } else { Some(cursor.workload()?) };
                }
                b"ip_lists" => {
                    once.first(2)?;
                    cursor.list_or_null(|cursor| {
                        parts.ip_lists.push(cursor.named()?);
                        Some(())
                    })?;
                }
                b"fqdn" => {
                    once.first(3)?;
                    parts.fqdn = cursor.owned()?;
                }
                // Rare, and two keys that make one list: the thorough way keeps their order.
                b"virtual_service" | b"virtual_server" => return None,
                _ => cursor.skip(0)?,
            }
            Some(())
        })?;
        Some(parts)
    }

    /// The name of something that has one.
    fn named(&mut self) -> Option<Option<String>> {
        let mut once = Once::default();
        let mut name = None;
        self.object(|cursor, key| match key {
            b"name" => {
                once.first(0)?;
                name = cursor.owned_or_null()?;
                Some(())
            }
            _ => cursor.skip(0),
        })?;
        Some(name)
    }

    fn workload(&mut self) -> Option<WorkloadParts> {
        let mut once = Once::default();
        let mut workload = WorkloadParts::default();
        self.object(|cursor, key| {
            match key {
                b"href" => {
                    once.first(0)?;
                    workload.href = cursor.owned()?;
                }
                b"name" => {
                    once.first(1)?;
                    workload.name = Some(cursor.owned()?);
                }
                b"hostname" => {
                    once.first(2)?;
                    workload.hostname = Some(cursor.owned()?);
                }
                b"enforcement_mode" => {
                    once.first(3)?;
                    workload.enforcement = cursor.owned()?;
                }
                b"os_type" => {
                    once.first(4)?;
                    workload.os = cursor.owned()?;
                }
                b"managed" => {
                    once.first(5)?;
                    workload.managed = match cursor.peek()? {
                        b't' => cursor.word(b"true").map(|()| Some(true))?,
                        b'f' => cursor.word(b"false").map(|()| Some(false))?,
                        _ => cursor.word(b"null").map(|()| None)?,
                    };
                }
                b"labels" => {
                    once.first(6)?;
                    if cursor.peek()? == b'n' {
                        return cursor.word(b"null");
                    }
                    let mut labels = Vec::new();
                    cursor.list_or_null(|cursor| {
                        labels.push(cursor.label()?);
                        Some(())
                    })?;
                    workload.labels = Some(labels);
                }
                _ => cursor.skip(0)?,
            }
            Some(())
        })?;
        Some(workload)
    }

    fn label(&mut self) -> Option<LabelParts> {
        let mut once = Once::default();
        let [mut href, mut key, mut value] = [Span::default(); 3];
        self.object(|cursor, name| {
            let (number, text) = match name {
                b"href" => (0, &mut href),
                b"key" => (1, &mut key),
                b"value" => (2, &mut value),
                _ => return cursor.skip(0),
            };
            once.first(number)?;
            *text = cursor.text_or_null()?;
            Some(())
        })?;
        // Where it is told whole, its address is not needed.
        let (key, value) = (self.text_of(key)?, self.text_of(value)?);
        let is_told = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let href = if is_told(&key) && is_told(&value) { None } else { self.text_of(href)? };
        Some(LabelParts { href, key, value })
    }

    /// A text; `null` is an empty one.
    fn owned(&mut self) -> Option<String> {
        self.owned_or_null().map(Option::unwrap_or_default)
    }

    fn owned_or_null(&mut self) -> Option<Option<String>> {
        let span = self.text_or_null()?;
        self.text_of(span)
    }

    /// The text that was found there, if there is one.
    fn text_of(&self, span: Span) -> Option<Option<String>> {
        if !span.is_there() {
            return Some(None);
        }
        let (from, to) = (span.from as usize, span.to as usize);
        let text = if span.unescaped { self.scratch.get(from..to)? } else { std::str::from_utf8(self.bytes.get(from..to)?).ok()? };
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
