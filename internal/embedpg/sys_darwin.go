package embedpg

import "syscall"

// killedWithParent is false: macOS has no parent-death signal, so the watchdog stops PostgreSQL if this
// process is killed.
const killedWithParent = false

// sysProcAttr puts PostgreSQL into a process group of its own, so that Ctrl-C reaches only this process,
// which stops PostgreSQL when it has finished with it. There are no user namespaces: that mode runs as
// root, which PostgreSQL reports.
func sysProcAttr(account identity) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if account.mode == asAccount {
		attr.Credential = &syscall.Credential{Uid: uint32(account.uid), Gid: uint32(account.gid)}
	}
	return attr
}
