//! Go text/template with the functions Helm offers.
