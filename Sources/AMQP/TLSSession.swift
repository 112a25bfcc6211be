// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CRabbitMQ
import Glibc

/// What one TLS connection is asked to be, and what it said when it was not.
///
/// Chain and name are verified by OpenSSL itself: librabbitmq's own check of the name knows no IP addresses and falls
/// back to the subject's common name. Owns memory that the library's context points to, so it lives at least as long.
final class TLSSession {
  private let state: UnsafeMutablePointer<onevent_tls_state>
  private let host: String
  private let name: String
  private let verifies: Bool
  private let interrupter: Interrupter

  /// Sets up the context of a TLS socket.
  ///
  /// - Throws: `AMQPError.file` for a certificate or key that cannot be used.
  init(
    _ settings: BrokerAddress.TLS, host: String, socket: OpaquePointer, interrupter: Interrupter
  ) throws(AMQPError) {
    self.host = host
    self.interrupter = interrupter
    name = settings.serverName ?? host
    verifies = settings.verify
    state = .allocate(capacity: 1)
    state.initialize(to: onevent_tls_state())

    guard let pointer = amqp_ssl_socket_get_context(socket) else {
      throw .tls(host: host, reason: "librabbitmq has no TLS context")
    }
    let context = OpaquePointer(pointer)
    // The library would repeat the check of the name in its own way.
    amqp_ssl_socket_set_verify_hostname(socket, 0)
    amqp_ssl_socket_set_verify_peer(socket, settings.verify ? 1 : 0)
    onevent_tls_prepare(context, state, settings.verify ? 1 : 0)
    ERR_clear_error()
    guard onevent_tls_require_1_2(context) == 1 else { throw .tls(host: host, reason: Self.words()) }
    if settings.verify { try requireName(in: context, caFile: settings.caFile) }
    if let certificate = settings.certificateFile {
      try present(certificate, key: settings.keyFile ?? certificate, in: context)
    }
    if !Self.isAddress(name) { state.pointee.server_name = strdup(name).map { UnsafePointer($0) } }
    state.pointee.context = Unmanaged.passUnretained(interrupter).toOpaque()
    state.pointee.opened = { context, descriptor in
      guard let context, descriptor >= 0 else { return }
      Unmanaged<Interrupter>.fromOpaque(context).takeUnretainedValue().watch(descriptor)
    }
  }

  deinit {
    free(UnsafeMutableRawPointer(mutating: state.pointee.server_name))
    state.deallocate()
  }

  private func requireName(in context: OpaquePointer, caFile: String) throws(AMQPError) {
    guard SSL_CTX_load_verify_locations(context, caFile, nil) == 1 else {
      throw .file(path: caFile, reason: "no certificate authority can be read from it: \(Self.words())")
    }
    let parameters = SSL_CTX_get0_param(context)
    let flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
    X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(flags))
    let accepted =
      Self.isAddress(name)
      ? X509_VERIFY_PARAM_set1_ip_asc(parameters, name) : X509_VERIFY_PARAM_set1_host(parameters, name, 0)
    guard accepted == 1 else { throw .tls(host: host, reason: "\(name) is no name that a certificate can have") }
  }

  private func present(_ certificate: String, key: String, in context: OpaquePointer) throws(AMQPError) {
    guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
      throw .file(path: certificate, reason: "no certificate can be read from it: \(Self.words())")
    }
    guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
      throw .file(path: key, reason: "no unencrypted private key can be read from it: \(Self.words())")
    }
    guard SSL_CTX_check_private_key(context) == 1 else {
      throw .file(path: key, reason: "the key does not belong to \(certificate): \(Self.words())")
    }
  }

  /// Why the handshake failed, to be asked right after it did.
  func failure(_ status: Int32) -> AMQPError {
    let cause = errno
    let code = Int(state.pointee.verify_error)
    if verifies, code != Int(X509_V_OK) {
      let words = X509_verify_cert_error_string(code).map { String(cString: $0) } ?? "error \(code)"
      return .tls(host: host, reason: "the broker's certificate was refused for the name \(name): \(words)")
    }
    switch status {
    case AMQP_STATUS_TIMEOUT.rawValue: return .unreachable(host: host, reason: "no answer in time")
    case AMQP_STATUS_SOCKET_ERROR.rawValue:
      let known = cause != 0 && cause != EINPROGRESS
      return .unreachable(host: host, reason: known ? describe(errno: cause) : "no TCP connection")
    default: return .tls(host: host, reason: Self.words())
    }
  }

  /// The first entry of OpenSSL's queue of errors, which is the cause of the others.
  private static func words() -> String {
    let code = ERR_peek_error()
    ERR_clear_error()
    guard code != 0 else { return "the broker's side closed the socket" }
    // A system error has no text of its own before OpenSSL 3.1.
    if code & 0x8000_0000 != 0 { return describe(errno: Int32(truncatingIfNeeded: code & 0x7FFF_FFFF)) }
    let words = ERR_reason_error_string(code).map { String(cString: $0) } ?? "OpenSSL error \(code)"
    return advice(ERR_GET_REASON(code)).map { "\(words): \($0)" } ?? words
  }

  /// What an operator can do about it, where OpenSSL's own words do not say it.
  private static func advice(_ reason: Int32) -> String? {
    switch reason {
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, SSL_R_UNSUPPORTED_PROTOCOL:
      "the broker speaks no TLS 1.2 or newer, and older versions are not spoken here"
    case SSL_R_WRONG_VERSION_NUMBER:
      "what answers there does not speak TLS: is it the port for TLS, mostly 5671?"
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      "the broker demands a client certificate: name one in tls_cert_file and tls_key_file"
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      "nothing was found that both sides take; a broker that demands a client certificate (tls_cert_file) says this too"
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
      "the broker does not know the authority of the client certificate, tls_cert_file"
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the client certificate, tls_cert_file, has expired"
    default: nil
    }
  }

  /// What TLS says of a connection that was lost after its handshake; nil where it says nothing.
  ///
  /// With TLS 1.3 a broker refuses a client's certificate, or the lack of one, when the client is through with its own
  /// part (RFC 8446, section 4.4.2.4): the refusal comes with the first answer that is read.
  func refusalAfterHandshake() -> AMQPError? {
    guard ERR_peek_error() != 0 else { return nil }
    return .tls(host: host, reason: Self.words())
  }

  static func isAddress(_ name: String) -> Bool {
    var buffer = in6_addr()
    return inet_pton(AF_INET, name, &buffer) == 1 || inet_pton(AF_INET6, name, &buffer) == 1
  }
}
