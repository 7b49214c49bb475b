//! An allocator that counts, thread by thread, so that tests can run side by side.

use std::alloc::GlobalAlloc;
use std::alloc::Layout;
use std::alloc::System;
use std::cell::Cell;

/// Make it the global allocator of a test program: `#[global_allocator] static METER: Meter = Meter;`
#[derive(Debug)]
pub struct Meter;

/// What a thread did to the heap while [`Meter::measure`] watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many blocks were allocated or grown.
    pub allocations: usize,
    /// The most bytes that were in use at once, beyond those at the start.
    pub peak: usize,
    /// Bytes in use at the end, beyond those at the start.
    pub kept: usize,
}

impl Meter {
    /// Runs `work` and says what this thread did to the heap meanwhile.
    pub fn measure<T>(work: impl FnOnce() -> T) -> (T, Usage) {
        let before = LIVE.get();
        PEAK.set(before);
        let allocations = ALLOCATIONS.get();
        let result = work();
        let usage = Usage {
            allocations: ALLOCATIONS.get() - allocations,
            peak: usize::try_from(PEAK.get() - before).unwrap_or(0),
            kept: usize::try_from(LIVE.get() - before).unwrap_or(0),
        };
        (result, usage)
    }
}

thread_local! {
    /// Signed, because a block may be freed by another thread than it came from.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn count(allocated: usize, freed: usize) {
    let live = LIVE.get() + allocated.cast_signed() - freed.cast_signed();
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
    if allocated > 0 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    }
}

// SAFETY: every call is handed on unchanged to the system's allocator. The counters are plain cells
// without a destructor, so touching them neither allocates nor fails.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the block came from `System`, with this layout.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // While it moves, both blocks exist.
        count(new_size, 0);
        count(0, layout.size());
        // SAFETY: the block came from `System`, with this layout.
        unsafe { System.realloc(block, layout, new_size) }
    }
}
