package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// nginxServer is an nginx with the configuration of deploy/nginx.
type nginxServer struct {
	addr string
	cmd  *exec.Cmd
}

// startNginx starts nginx in front of servers, with its files in a directory.
func startNginx(ctx context.Context, dir string, servers []string) (*nginxServer, error) {
	addr, err := findFreeAddress()
	if err != nil {
		return nil, err
	}
	deployed, err := os.ReadFile("deploy/nginx/nginx.conf")
	if err != nil {
		return nil, err
	}
	text, err := adaptNginx(string(deployed), dir, addr, servers)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	n := &nginxServer{addr: addr, cmd: exec.Command("nginx", "-e", filepath.Join(dir, "nginx.log"), "-p", dir, "-c", file)}
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := n.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start nginx: %w", err)
	}
	proxied := &contender{name: "proxy", addr: addr}
	if err := proxied.awaitReady(ctx); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "nginx.log"))
		return nil, errors.Join(fmt.Errorf("wait for nginx: %w: %s", err, log), n.stopProcess())
	}
	return n, nil
}

// adaptNginx replaces the addresses of the configuration, and adds the files of this run.
func adaptNginx(text, dir, addr string, servers []string) (string, error) {
	replaced := []string{"listen 8080", "listen " + addr}
	for i, s := range servers {
		replaced = append(replaced, fmt.Sprintf("server%d:8080", i+1), s)
	}
	for i := 0; i < len(replaced); i += 2 {
		if !strings.Contains(text, replaced[i]) {
			return "", fmt.Errorf("deploy/nginx/nginx.conf: no %q", replaced[i])
		}
	}
	main := fmt.Sprintf("daemon off;\npid %s;\n", filepath.Join(dir, "nginx.pid"))
	return main + strings.NewReplacer(replaced...).Replace(text), nil
}

// stopProcess stops nginx at once and waits for its end.
func (n *nginxServer) stopProcess() error {
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop nginx: %w", err)
	}
	_ = n.cmd.Wait() // the exit code of a stopped nginx says nothing
	return nil
}
