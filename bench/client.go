package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/7p-education/api/internal/auth"
)

// The client has its own HTTP/1.1 code: for a small response, the client of net/http would use more CPU
// than the server, on the same cores.

// encodeRequest returns a request as bytes.
func encodeRequest(r request, host string, tokens *auth.Tokens) ([]byte, error) {
	body, err := r.encodeBody()
	if err != nil {
		return nil, err
	}
	header := ""
	if r.viewer.SignedIn() {
		token, err := tokens.IssueToken(r.viewer, time.Now(), 24*time.Hour)
		if err != nil {
			return nil, err
		}
		header = "Authorization: Bearer " + token + "\r\n"
	}
	return encodePost(body, host, header), nil
}

// encodePost returns a request with a body and additional lines of its header.
func encodePost(body []byte, host, header string) []byte {
	return fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: %s\r\nAccept: application/graphql-response+json\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s",
		host, len(body), header, body)
}

// clientConn is a keep-alive connection to a contender.
type clientConn struct {
	conn        net.Conn
	reader      *bufio.Reader
	body        []byte // of the latest response
	hit         bool   // the Cache-Status of the latest response reports a hit
	cacheStatus []byte // of the latest response; valid until the next request
	closing     bool   // the peer closes the connection after the latest response
}

func dialContender(addr string) (*clientConn, error) { return dialFrom(nil, addr, 64<<10) }

// dialFrom dials from a local address, or from any if it is nil, with a read buffer of a size.
func dialFrom(local net.IP, addr string, bufferSize int) (*clientConn, error) {
	dialer := net.Dialer{Timeout: 30 * time.Second}
	if local != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: local}
	}
	conn, err := dialer.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &clientConn{conn: conn, reader: bufio.NewReaderSize(conn, bufferSize)}, nil
}

// sendRequest sends a request and reads its response, which is valid until the next request.
func (c *clientConn) sendRequest(request []byte) (status int, response []byte, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, nil, fmt.Errorf("not HTTP: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("not HTTP: %q", line)
	}
	length, err := c.readHeader()
	if err != nil {
		return 0, nil, err
	}
	c.body = c.body[:0]
	if length >= 0 {
		err = c.readBytes(length)
	} else {
		err = c.readChunks()
	}
	return status, c.body, err
}

// hitPrefix begins the server's Cache-Status of a cache hit.
var hitPrefix = []byte(`"7p"; hit`)

// readHeader reads the header and returns the Content-Length, or -1 for a chunked response.
func (c *clientConn) readHeader() (length int, err error) {
	length, c.hit, c.closing, c.cacheStatus = -1, false, false, c.cacheStatus[:0]
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return length, nil
		}
		switch name, value, _ := bytes.Cut(line, []byte(": ")); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Connection")):
			c.closing = bytes.EqualFold(value, []byte("close"))
		case bytes.EqualFold(name, []byte("Cache-Status")):
			c.hit, c.cacheStatus = bytes.HasPrefix(value, hitPrefix), append(c.cacheStatus, value...)
		}
	}
}

func (c *clientConn) readBytes(n int) error {
	at := len(c.body)
	if cap(c.body) < at+n {
		c.body = append(make([]byte, 0, 2*(at+n)), c.body...)
	}
	c.body = c.body[:at+n]
	_, err := io.ReadFull(c.reader, c.body[at:])
	return err
}

func (c *clientConn) readChunks() error {
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 64)
		if err != nil {
			return fmt.Errorf("invalid chunk size: %w", err)
		}
		if err := c.readBytes(int(n)); err != nil {
			return err
		}
		if end, err := c.reader.ReadSlice('\n'); err != nil || len(bytes.TrimRight(end, "\r\n")) > 0 {
			return errors.Join(err, errors.New("chunk longer than its size"))
		}
		if n == 0 {
			return nil
		}
	}
}
