//! HTTP as far as an upgrade and a long poll need it: request heads, queries, origins, responses.
