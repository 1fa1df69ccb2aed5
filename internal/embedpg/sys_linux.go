package embedpg

import (
	"os"
	"syscall"
)

// diesWithUs: PostgreSQL is stopped by the kernel when we die.
const diesWithUs = true

// sysProcAttr gives PostgreSQL a process group of its own, so that Ctrl-C reaches us alone and we
// stop it when we have finished with it, and a clean shutdown when we are killed.
func sysProcAttr(who identity) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	switch who.mode {
	case asAccount:
		attr.Credential = &syscall.Credential{Uid: uint32(who.uid), Gid: uint32(who.gid)}
	case asNamespace:
		attr.Cloneflags = syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: who.uid, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: who.gid, HostID: os.Getegid(), Size: 1}}
	}
	return attr
}
