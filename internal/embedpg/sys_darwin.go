package embedpg

import "syscall"

// diesWithUs: macOS has no parent-death signal, so the watchdog stops PostgreSQL when we are killed.
const diesWithUs = false

// sysProcAttr gives PostgreSQL a process group of its own, so that Ctrl-C reaches us alone and we
// stop it when we have finished with it. There are no user namespaces: that mode is root still, and
// PostgreSQL says so.
func sysProcAttr(who identity) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if who.mode == asAccount {
		attr.Credential = &syscall.Credential{Uid: uint32(who.uid), Gid: uint32(who.gid)}
	}
	return attr
}
