// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Testing

@testable import Settings

@Suite struct EquivalenceTests {
  static let ini = """
    [source:main]
    url = rabbit://u:p%23@h1:1,h2/vhost
    queues = a, b
    bind = openstack:esi.#, ironic:*.info
    queue_arguments = x-max-length=5, x-message-ttl=1000
    declare = create
    queue_type = quorum
    prefetch = 9
    settle = run
    format = tags
    event_type = kind.name
    subject = a.b, c
    objects = node:node_uuid, lease:uuid
    ignore_events = noise.#, x
    heartbeat = 20s
    max_message_size = 2MiB
    [scripts]
    max_concurrent = 4
    output_limit = 1MiB
    drain_timeout = 5
    [journal]
    path = state/journal.sqlite
    keep = 90d
    max_size = 8GiB
    min_free = 0
    record = all
    max_pending = 5000
    sync = normal
    [api]
    socket = /run/mine.sock
    socket_group = operators
    [log]
    level = warning
    format = json
    [action:one]
    events = a.*, !a.b, @unmatched
    source = main
    enabled = observe
    script = /bin/echo "two words" three
    script_params = node_name, purpose?, end_time:-never, "lease {uuid}", "literal"
    env_params = NODE=node_name, TEXT="lease {uuid}"
    filter_params = {"purpose": "test", "properties.vendor": {"in": ["foo", "bar"]},
      "@any": [{"status": "created"}, {"offer_uuid": null}], "id": 4711}
    stdin = payload
    dash_params = refuse
    timeout = 90
    kill_after = 0
    warn_after = 10s
    max_concurrent = 2
    order_by = none
    max_event_age = 1d
    retries = 5
    retry_on = failure
    retry_delay = 1500ms
    retry_backoff = 1.5
    retry_max_delay = 1h
    on_interrupt = hold
    on_suspend = skip
    working_directory = /
    environment = A=1, B="x, y"
    pass_environment = HTTP_PROXY
    """

  static let yaml = """
    sources:
      main:
        url: rabbit://u:p%23@h1:1,h2/vhost
        queues: [a, b]
        bind: ["openstack:esi.#", "ironic:*.info"]
        queue_arguments: {x-max-length: 5, x-message-ttl: "1000"}
        declare: create
        queue_type: quorum
        prefetch: 9
        settle: run
        format: tags
        event_type: kind.name
        subject: [a.b, c]
        objects: [node:node_uuid, lease:uuid]
        ignore_events: ["noise.#", x]
        heartbeat: 20s
        max_message_size: 2MiB
    scripts: {max_concurrent: 4, output_limit: 1MiB, drain_timeout: 5}
    journal:
      path: state/journal.sqlite
      keep: 90d
      max_size: 8GiB
      min_free: 0
      record: all
      max_pending: 5000
      sync: normal
    api: {socket: /run/mine.sock, socket_group: operators}
    log: {level: warning, format: json}
    actions:
      one:
        events: [a.*, "!a.b", "@unmatched"]
        source: main
        enabled: observe
        script: /bin/echo "two words" three
        script_params: [node_name, purpose?, end_time:-never, '"lease {uuid}"', '"literal"']
        env_params: {NODE: node_name, TEXT: '"lease {uuid}"'}
        filter_params:
          purpose: test
          properties.vendor: {in: [foo, bar]}
          "@any": [{status: created}, {offer_uuid: null}]
          id: 4711
        stdin: payload
        dash_params: refuse
        timeout: 90
        kill_after: 0
        warn_after: 10s
        max_concurrent: 2
        order_by: none
        max_event_age: 1d
        retries: 5
        retry_on: failure
        retry_delay: 1500ms
        retry_backoff: 1.5
        retry_max_delay: 1h
        on_interrupt: hold
        on_suspend: skip
        working_directory: /
        environment: {A: 1, B: "x, y"}
        pass_environment: [HTTP_PROXY]
    """

  @Test("the same keys mean the same in INI and in YAML")
  func same() throws {
    let folder = try ConfigurationFolder()
    let environment = ["HTTP_PROXY": "p"]
    let ini = try folder.load(Self.ini, environment: environment).loaded()
    let yaml = try folder.load(Self.yaml, as: "onevent.yaml", environment: environment).loaded()
    #expect(ini.summary == yaml.summary)
    var retry = RetryPolicy()
    retry.retries = 5
    retry.on = .failure
    retry.delay = .milliseconds(1500)
    retry.backoff = 1.5
    retry.maxDelay = .seconds(3600)
    #expect(ini.actions[0].retry == retry)
    #expect(ini.actions[0].onInterrupt == .hold)
    #expect(ini.actions[0].onSuspend == .skip)
    var journal = JournalSettings()
    journal.path = "\(folder.path)/state/journal.sqlite"
    journal.keep = .seconds(90 * 86_400)
    journal.maxSize = 8 << 30
    journal.minFree = 0
    journal.record = .all
    journal.maxPending = 5000
    journal.sync = .normal
    #expect(ini.journal == journal)
    #expect(ini.api.socket == "/run/mine.sock")
    #expect(ini.api.socketGroup == "operators")
    #expect(ini.actions[0].environment.contains(Array("B=x, y".utf8)))
    #expect(
      ini.actions[0].command.words.map { String(decoding: $0, as: UTF8.self) } == ["/bin/echo", "two words", "three"])
    #expect(ini.sources[0].consumer.queues.count == 3)
  }
}
