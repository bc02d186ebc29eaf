// TLS of the crowd, where it is built in. A client keeps the ticket that it was given, and shows it when it comes again.
#ifdef WITH_TLS
#include <openssl/ssl.h>

typedef struct { SSL *ssl; SSL_SESSION *ticket; } secured;
static SSL_CTX *tls_context;

static int keep_ticket(SSL *ssl, SSL_SESSION *ticket) {
  secured *tls = SSL_get_app_data(ssl);
  SSL_SESSION_free(tls->ticket); tls->ticket = ticket;
  return 1;
}
static int is_secured(const secured *tls) { return tls->ssl != NULL; }
static int waits_for_peer(const secured *tls) { return tls->ssl && SSL_want_read(tls->ssl); }
static int was_resumed(const secured *tls) { return tls->ssl && SSL_session_reused(tls->ssl); }
static void secured_begin(secured *tls, int fd) {
  if (!tls_context) {
    tls_context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(tls_context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(tls_context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls_context, keep_ticket);
  }
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  tls->ssl = SSL_new(tls_context);
  SSL_set_app_data(tls->ssl, tls); SSL_set_fd(tls->ssl, fd); SSL_set_connect_state(tls->ssl);
  if (tls->ticket) SSL_set_session(tls->ssl, tls->ticket);
}
static ssize_t secured_result(secured *tls, int count) {
  if (count > 0) return count;
  int error = SSL_get_error(tls->ssl, count);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
  return -1;
}
static ssize_t secured_send(secured *tls, const void *bytes, size_t length) { return secured_result(tls, SSL_write(tls->ssl, bytes, length)); }
static ssize_t secured_receive(secured *tls, void *bytes, size_t length) { return secured_result(tls, SSL_read(tls->ssl, bytes, length)); }
static void secured_end(secured *tls, int is_reset) {
  if (!tls->ssl) return;
  if (!is_reset) SSL_shutdown(tls->ssl);
  SSL_free(tls->ssl); tls->ssl = NULL;
}
#else
typedef struct { char unused; } secured;
static int is_secured(const secured *tls) { return 0; }
static int waits_for_peer(const secured *tls) { return 0; }
static int was_resumed(const secured *tls) { return 0; }
static void secured_begin(secured *tls, int fd) { FATAL("built without TLS (Debian: libssl-dev)"); }
static ssize_t secured_send(secured *tls, const void *bytes, size_t length) { return -1; }
static ssize_t secured_receive(secured *tls, void *bytes, size_t length) { return -1; }
static void secured_end(secured *tls, int is_reset) {}
#endif
