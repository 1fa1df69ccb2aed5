package cache

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLSFiles are the files of TLS connections, in PEM. All may be "".
type TLSFiles struct {
	CA        string // certificates of the authorities that are trusted instead of those of the system
	Cert, Key string // certificate of this client, read again for each connection, so that it can be replaced
}

// load returns the configuration of connections. The name of the server is that of the host of each connection,
// which differs between the nodes of a cluster.
func (f TLSFiles) load() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, fmt.Errorf("REDIS_TLS_CA_FILE: %w", err)
		}
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("REDIS_TLS_CA_FILE: no certificate in PEM format")
		}
	}
	if f.Cert == "" && f.Key == "" {
		return c, nil
	}
	loadPair := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, fmt.Errorf("REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE: %w", err)
		}
		return &pair, nil
	}
	c.GetClientCertificate = loadPair
	_, err := loadPair(nil)
	return c, err
}
