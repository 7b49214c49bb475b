#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sansocket_tests::fuzz::websocket_deflate::target(data));
