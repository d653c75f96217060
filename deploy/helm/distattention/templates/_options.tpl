{{/* The environment of every silo that the chart decides. */}}
{{- define "distattention.ownOptions" -}}
{{- $memory := .Values.memory -}}
{{- $shutdown := int64 .Values.shutdown.timeoutSeconds -}}
DISTATTN_Cluster__Id: {{ .Values.cluster.id | quote }}
DISTATTN_Cluster__Mode: {{ .Values.cluster.mode | quote }}
{{- if eq .Values.storage.mode "SharedVolume" }}
DISTATTN_Storage__Mode: "File"
DISTATTN_Storage__Folder: "/var/lib/distattention/storage"
{{- else }}
DISTATTN_Storage__Mode: {{ .Values.storage.mode | quote }}
{{- end }}
DISTATTN_Endpoint__SiloPort: {{ .Values.ports.silo | quote }}
DISTATTN_Endpoint__GatewayPort: {{ .Values.ports.gateway | quote }}
DISTATTN_Http__Port: {{ .Values.ports.http | quote }}
DISTATTN_Http__Address: "0.0.0.0"
DISTATTN_Admin__Port: {{ .Values.ports.admin | quote }}
DISTATTN_Admin__Address: "0.0.0.0"
DISTATTN_Hosting__LogFormat: "Json"
DISTATTN_Hosting__ShutdownTimeout: {{ printf "%02d:%02d:%02d" (div $shutdown 3600) (mod (div $shutdown 60) 60) (mod $shutdown 60) | quote }}
DISTATTN_Attention__ComputeThreads: {{ .Values.cpu.computeThreads | default (max 1 (sub .Values.cpu.request 1)) | quote }}
DISTATTN_Attention__MemoryBudgetBytes: {{ mul $memory.kvMiB 1048576 | quote }}
DISTATTN_Attention__MaxCallBytes: {{ div (mul $memory.gcHeapMiB 1048576) 4 | quote }}
DOTNET_GCHeapHardLimit: {{ printf "0x%x" (mul $memory.gcHeapMiB 1048576) | quote }}
DOTNET_DbgEnableMiniDump: "1"
DOTNET_DbgMiniDumpType: "1"
DOTNET_DbgMiniDumpName: "/var/lib/distattention/own/crash-%t.dmp"
{{- if .Values.tls.enabled }}
DISTATTN_Tls__CertificateFile: "/etc/distattention/tls/tls.crt"
DISTATTN_Tls__KeyFile: "/etc/distattention/tls/tls.key"
DISTATTN_Tls__CaFile: "/etc/distattention/tls/ca.crt"
DISTATTN_Tls__SiloName: {{ .Values.tls.siloName | quote }}
{{- end }}
{{- end -}}

{{/* And with what .Values.options adds; it may not contradict. */}}
{{- define "distattention.options" -}}
{{- $own := include "distattention.ownOptions" . -}}
{{- $decided := fromYaml $own -}}
{{ $own }}
{{- range $name, $value := .Values.options }}
{{- $variable := printf "DISTATTN_%s" $name }}
{{- if hasKey $decided $variable }}
{{- fail (printf "options.%s: another value of the chart decides it" $name) }}
{{- end }}
{{- /* Numbers of values are floats to Helm, and large ones would be written 1e+09. */}}
{{ $variable }}: {{ if kindIs "float64" $value }}{{ int64 $value | quote }}{{ else }}{{ $value | quote }}{{ end }}
{{- end }}
{{- end -}}
