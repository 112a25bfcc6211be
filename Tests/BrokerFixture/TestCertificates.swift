// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A certificate authority with a server's and a client's certificate, made by openssl.
///
/// The server's names are `localhost` and 127.0.0.1. The files are valid for two days.
package final class TestCertificates: Sendable {
  /// Holds `ca.pem`, `server.pem`, `server-key.pem`, `client.pem`, `client-key.pem` and `stranger-ca.pem`.
  package let directory: URL

  package var authority: String { path("ca.pem") }
  package var clientCertificate: String { path("client.pem") }
  package var clientKey: String { path("client-key.pem") }
  /// The certificate of an authority that signed none of the others.
  package var strangeAuthority: String { path("stranger-ca.pem") }

  /// Makes the files; they are removed with this object.
  ///
  /// `client` is the common name of the client's certificate, the user's name for EXTERNAL; `serverName` the DNS name
  /// in the server's certificate.
  package init(client: String = "onevent", serverName: String = "localhost") throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("onevent-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try makeAuthority("ca", "onevent test authority")
    try makeAuthority("stranger-ca", "another authority")
    try makeCertificate("server", serverName, "subjectAltName=DNS:\(serverName),IP:127.0.0.1")
    try makeCertificate("client", client, "extendedKeyUsage=clientAuth")
  }

  deinit {
    try? FileManager.default.removeItem(at: directory)
  }

  private func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

  private func makeAuthority(_ name: String, _ subject: String) throws {
    _ = try output(
      of:
        "/usr/bin/openssl",
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-subj", "/CN=\(subject)", "-keyout", path("\(name)-key.pem"), "-out", path("\(name).pem")])
  }

  private func makeCertificate(_ name: String, _ subject: String, _ fields: String) throws {
    let request = path("\(name)-request.pem")
    _ = try output(
      of:
        "/usr/bin/openssl",
      ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        + ["-subj", "/CN=\(subject)", "-keyout", path("\(name)-key.pem"), "-out", request])
    let extensions = path("\(name)-fields")
    try fields.write(toFile: extensions, atomically: true, encoding: .utf8)
    _ = try output(
      of:
        "/usr/bin/openssl",
      ["x509", "-req", "-in", request, "-CA", authority, "-CAkey", path("ca-key.pem"), "-CAcreateserial"]
        + ["-days", "2", "-extfile", extensions, "-out", path("\(name).pem")])
  }
}
