package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A certificate that was replaced is used without a restart. While its files do not fit each other, the former one is.
func TestReplacedCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := &certificateFiles{cert: filepath.Join(dir, "cert"), key: filepath.Join(dir, "key")}
	write := func(serial int64, names ...string) {
		t.Helper()
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := x509.Certificate{SerialNumber: big.NewInt(serial)}
		cert, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		blocks := map[string]*pem.Block{"cert": {Type: "CERTIFICATE", Bytes: cert}, "key": {Type: "PRIVATE KEY", Bytes: private}}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(blocks[name]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(1, "cert", "key")
	if err := f.read(); err != nil {
		t.Fatal(err)
	}
	go f.follow(t.Context(), slog.New(slog.DiscardHandler), time.Millisecond)
	write(2, "cert") // its key is missing
	time.Sleep(20 * time.Millisecond)
	if got := f.current.Load().Leaf.SerialNumber.Int64(); got != 1 {
		t.Errorf("certificate %d is used", got)
	}
	write(3, "cert", "key")
	for deadline := time.Now().Add(10 * time.Second); f.current.Load().Leaf.SerialNumber.Int64() != 3; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the new certificate is not used")
		}
	}
}
