package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisServer is the Redis of this run: on a unix socket, without persistence.
type redisServer struct {
	socket, version string
	cmd             *exec.Cmd
}

// startRedis starts a Redis whose socket and log are in a directory, with additional arguments.
func startRedis(ctx context.Context, dir string, args ...string) (*redisServer, error) {
	r := &redisServer{socket: filepath.Join(dir, "redis.sock")}
	text, err := exec.CommandContext(ctx, "redis-server", "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("redis-server not found: %w", err)
	}
	for _, word := range strings.Fields(string(text)) {
		if version, ok := strings.CutPrefix(word, "v="); ok {
			r.version = version
		}
	}
	r.cmd = exec.Command("redis-server", "--port", "0", "--unixsocket", r.socket, "--save", "", "--dir", dir, "--logfile", filepath.Join(dir, "redis.log"))
	r.cmd.Args = append(r.cmd.Args, args...)
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	for range 500 {
		if conn, err := net.Dial("unix", r.socket); err == nil {
			return r, conn.Close()
		}
		if err := sleepContext(ctx, 10*time.Millisecond); err != nil {
			break
		}
	}
	return nil, errors.Join(errors.New("redis-server does not start within 5 s"), r.killProcess())
}

// openClient returns a client, which the caller closes.
func (r *redisServer) openClient() (*redis.Client, error) {
	options, err := redis.ParseURL(r.socketURL())
	if err != nil {
		return nil, err
	}
	return redis.NewClient(options), nil
}

func (r *redisServer) socketURL() string { return "unix://" + r.socket }

func (r *redisServer) killProcess() error {
	if err := r.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("stop Redis: %w", err)
	}
	_ = r.cmd.Wait() // returns an error because the process was killed
	return nil
}
