//! One drain of the server, written into the arrays that JavaScript passes in.

use napi::Env;
use napi::JsString;
use sansocket::server::Batch;

use crate::convert::error;

/// What one drain gave, and how much of it JavaScript has already been handed.
pub(crate) struct Columns {
    batch: Batch,
}

impl Columns {
    pub(crate) fn new() -> Self {
        Self {
            batch: Batch::default(),
        }
    }

    pub(crate) const fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Fills the header and whatever fits, and returns the texts.
    ///
    /// What does not fit stays here: the header says how much room it needs, and JavaScript comes
    /// back for it with [`Columns::copy_numbers`] or [`Columns::copy_bytes`].
    pub(crate) fn lend<'env>(
        &self,
        env: &'env Env,
        numbers: &mut [f64],
        bytes: &mut [u8],
        waiting: Waiting,
    ) -> napi::Result<Option<JsString<'env>>> {
        let Some(header) = numbers.first_chunk_mut::<HEADER>() else {
            return Err(error("the array of columns is shorter than its header"));
        };
        let batch = &self.batch;
        let byte_count: usize = self.parts().map(|part| part.len()).sum();
        *header = [
            batch.records.len() as f64,
            batch.targets.len() as f64,
            batch.frames.len() as f64,
            batch.binaries.len() as f64,
            byte_count as f64,
            f64::from(u8::from(waiting.more)),
            waiting.timeout_millis,
        ];
        // A copy that does not fit is made by the caller's next call, so the answer is not needed.
        let _ = self.copy_numbers(numbers);
        let _ = self.copy_bytes(bytes);
        self.text(env)
    }

    /// Writes the columns behind the header; `false` when they do not fit.
    pub(crate) fn copy_numbers(&self, numbers: &mut [f64]) -> bool {
        let batch = &self.batch;
        let count = batch.records.len()
            + batch.targets.len()
            + batch.frames.len()
            + batch.binaries.len()
            + 1;
        let Some(room) = numbers
            .get_mut(HEADER..)
            .and_then(|room| room.get_mut(..count))
        else {
            return false;
        };
        let offsets = self.parts().scan(0, |end, part| {
            *end += part.len();
            Some(*end as f64)
        });
        let values = batch.records.iter().chain(&batch.targets).copied();
        let values = values.chain(core::iter::once(0.0)).chain(offsets);
        for (slot, value) in room.iter_mut().zip(values) {
            *slot = value;
        }
        true
    }

    /// Writes the frames, then the attachments, one behind the other; `false` when they do not fit.
    pub(crate) fn copy_bytes(&self, bytes: &mut [u8]) -> bool {
        let mut room = bytes;
        for part in self.parts() {
            let Some((here, rest)) = room.split_at_mut_checked(part.len()) else {
                return false;
            };
            here.copy_from_slice(part);
            room = rest;
        }
        true
    }

    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let batch = &self.batch;
        batch
            .frames
            .iter()
            .chain(&batch.binaries)
            .map(AsRef::as_ref)
    }

    fn text<'env>(&self, env: &'env Env) -> napi::Result<Option<JsString<'env>>> {
        let text = &self.batch.text;
        if text.is_empty() {
            return Ok(None);
        }
        // One byte per character needs no transcoding.
        if self.batch.is_ascii() {
            return env.create_string_latin1(text).map(Some);
        }
        env.create_string(text).map(Some)
    }
}

/// What the server still wants after a drain.
pub(crate) struct Waiting {
    /// The batch was full: drain again.
    pub(crate) more: bool,
    /// Until the next deadline; negative when there is none.
    pub(crate) timeout_millis: f64,
}

/// Numbers before the first record: records, targets, frames, attachments, bytes, more, timeout.
const HEADER: usize = 7;
