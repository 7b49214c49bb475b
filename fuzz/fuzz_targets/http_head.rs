#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sansocket_tests::fuzz::http_head::target(data));
