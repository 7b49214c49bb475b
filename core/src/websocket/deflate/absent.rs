//! What stands for `deflate.rs` in a build without that feature: nothing is ever compressed.

use alloc::vec::Vec;

use crate::websocket::Error;
use crate::websocket::assemble::Assembler;
use crate::websocket::mask::MaskKey;

/// A codec that cannot exist, so that no code runs for it.
#[derive(Debug)]
pub(crate) enum Codec {}

#[expect(clippy::needless_pass_by_ref_mut, reason = "the real codec changes")]
impl Codec {
    pub(crate) fn begin_frame(&mut self, _: u64, _: usize) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn append_message(
        &mut self,
        _: &mut Assembler,
        _: &[u8],
        _: Option<MaskKey>,
        _: usize,
    ) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn end_message(&mut self, _: &mut Assembler, _: usize) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn compress(&mut self, _: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }
}
