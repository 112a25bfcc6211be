// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// What one TLS context needs while its handshakes run. Owned by the connection that owns the context.
typedef struct onevent_tls_state {
  const char *server_name;  // sent as SNI; NULL = none, as for an IP address (RFC 6066, section 3)
  int verify_error;         // X509_V_OK, or why the chain or name was refused
  int alert;                // the fatal alert that the other side sent last (RFC 8446, section 6); 0 = none
  void (*opened)(void *context, int descriptor);  // told once a handshake has begun
  void *context;
} onevent_tls_state;

// Macros of the library.
static inline int onevent_tls_require_1_2(SSL_CTX *context) {
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

// librabbitmq puts the address it connects to into SNI. We connect by number, so the name is put right at the last
// moment before the first message is built.
static inline void onevent_tls_information(const SSL *connection, int where, int result) {
  onevent_tls_state *state = SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection));
  if (!state) return;
  if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && result >> 8 == SSL3_AL_FATAL) state->alert = result & 0xff;
  if (!(where & SSL_CB_HANDSHAKE_START)) return;
  state->alert = 0;
  SSL *writable = (SSL *)connection;
  SSL_set_tlsext_host_name(writable, state->server_name);
  if (state->opened) state->opened(state->context, SSL_get_fd(connection));
}

// OpenSSL's own verification, keeping the reason: librabbitmq frees the connection before it can be asked.
static inline int onevent_tls_verify(X509_STORE_CTX *store, void *argument) {
  onevent_tls_state *state = argument;
  int result = X509_verify_cert(store);
  state->verify_error = X509_STORE_CTX_get_error(store);
  return result;
}

// Without a callback OpenSSL asks the terminal for the passphrase of an encrypted key.
static inline int onevent_tls_no_passphrase(char *buffer, int size, int writing, void *argument) {
  (void)buffer, (void)size, (void)writing, (void)argument;
  return -1;
}

static inline void onevent_tls_prepare(SSL_CTX *context, onevent_tls_state *state, int verify) {
  SSL_CTX_set_app_data(context, state);
  SSL_CTX_set_info_callback(context, onevent_tls_information);
  SSL_CTX_set_default_passwd_cb(context, onevent_tls_no_passphrase);
  SSL_CTX_set_cert_verify_callback(context, onevent_tls_verify, state);
  SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
}
