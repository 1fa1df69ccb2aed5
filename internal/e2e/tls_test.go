package e2e

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/7p-education/api/internal/testdb"
)

// writeCertificate writes a certificate of localhost and its key, and returns the files and a pool with the certificate.
func writeCertificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	certDER, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: certDER}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certDER}))
	return cert, key, roots
}

// With a certificate the server speaks HTTP/2, HTTP/1.1, event streams and WebSockets over TLS.
func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key, roots := writeCertificate(t)
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "TLS_CERT_FILE="+cert, "TLS_KEY_FILE="+key)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(p.base, "http://"))
	config := &tls.Config{RootCAs: roots, ServerName: "localhost"}
	send := func(versions func(*http.Protocols), body, accept string) *http.Response {
		t.Helper()
		allowed := new(http.Protocols)
		versions(allowed)
		transport := &http.Transport{TLSClientConfig: config.Clone(), Protocols: allowed}
		t.Cleanup(transport.CloseIdleConnections)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://localhost:"+port+"/graphql", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", accept)
		resp, err := (&http.Client{Transport: transport}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	for version, allow := range map[int]func(*http.Protocols){
		2: func(p *http.Protocols) { p.SetHTTP2(true) },
		1: func(p *http.Protocols) { p.SetHTTP1(true) },
	} {
		resp := send(allow, hello, "application/json")
		body, _ := io.ReadAll(resp.Body)
		if resp.ProtoMajor != version || string(body) != `{"data":{"__typename":"Query"}}` || resp.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("HTTP/%d: HTTP/%d, %s, %v", version, resp.ProtoMajor, body, resp.Header)
		}
		stream := send(allow, `{"query":"query @live { courses(first: 1) { nodes { title } } }"}`, "text/event-stream")
		line, err := bufio.NewReader(stream.Body).ReadString('\n')
		if stream.StatusCode != 200 || err != nil {
			t.Errorf("event stream over HTTP/%d: %d, %q, %v", version, stream.StatusCode, line, err)
		}
	}
	dialer := ws.Dialer{TLSConfig: config.Clone(), Protocols: []string{"graphql-transport-ws"}}
	conn, _, _, err := dialer.Dial(t.Context(), "wss://localhost:"+port+"/graphql")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := wsutil.WriteClientText(conn, []byte(`{"type":"connection_init"}`)); err != nil {
		t.Fatal(err)
	}
	if message, err := wsutil.ReadServerText(conn); err != nil || !strings.Contains(string(message), "connection_ack") {
		t.Errorf("WebSocket: %s, %v", message, err)
	}
	if code := p.signal(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// With H2C proxies may use HTTP/2 without TLS.
func TestH2C(t *testing.T) {
	t.Parallel()
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "H2C=true")
	for version, allow := range map[int]func(*http.Protocols){
		2: func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) },
		1: func(p *http.Protocols) { p.SetHTTP1(true) },
	} {
		allowed := new(http.Protocols)
		allow(allowed)
		transport := &http.Transport{Protocols: allowed}
		resp, err := (&http.Client{Transport: transport}).Post(p.base+"/graphql", "application/json", strings.NewReader(hello))
		if err != nil || resp.StatusCode != 200 || resp.ProtoMajor != version {
			t.Fatalf("HTTP/%d: %+v, %v", version, resp, err)
		}
		_ = resp.Body.Close()
		transport.CloseIdleConnections()
	}
}

// systemd receives when the server has started and stops, and that it lives.
func TestSystemd(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "notify") // the path of a socket has at most 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	address := &net.UnixAddr{Name: filepath.Join(dir, "s"), Net: "unixgram"}
	socket, err := net.ListenUnixgram("unixgram", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	states := newOutput()
	go func() { // like systemd, it never lets the queue of the socket fill up
		buf := make([]byte, 500)
		for {
			n, err := socket.Read(buf)
			if err != nil {
				return
			}
			_, _ = states.Write(append(buf[:n:n], '\n'))
		}
	}()
	p := start7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "NOTIFY_SOCKET="+address.Name, "WATCHDOG_USEC=200000")
	for _, state := range []string{"READY=1", "WATCHDOG=1", "STATUS=serving requests"} {
		p.awaitText(t, states, state, func(text string) bool { return strings.Contains(text, state) })
	}
	if code := p.signal(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
	p.poll(t, "STOPPING=1", func() bool { text, _ := states.readText(); return strings.Contains(text, "STOPPING=1") })
}
