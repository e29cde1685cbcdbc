// What all our DTLS endpoints have in common.
#pragma once

#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "crypto/datagram_bio.hpp"
#include "crypto/openssl.hpp"

namespace porthole::crypto {

// DTLS 1.2 with our ciphers and our certificate, without renegotiation, resumption or compression. False when
// OpenSSL lacks what we need.
bool configure_dtls(SSL_CTX* context, const Certificate& certificate);

// Puts `queues`, which must outlive it, in place of a socket. False when OpenSSL has no memory.
bool attach_datagrams(SSL* ssl, DatagramQueues& queues);

// When DTLSv1_handle_timeout() is due; Instant::max() when OpenSSL waits for nothing.
Instant retransmission_due(SSL* ssl, Instant now);

// What a function for DTLS_set_timer_cb() returns, which is called with 0 for a new flight and else with the
// time that the last attempt waited, in microseconds.
unsigned int next_retransmission(unsigned int last_us, Duration first, Duration last);

}  // namespace porthole::crypto
