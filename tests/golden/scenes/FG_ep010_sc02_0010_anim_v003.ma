//Maya ASCII 2026 scene
//Name: FG_ep010_sc02_0010_anim_v003.ma
//Codeset: UTF-8
file -r -ns "rig" -rfn "rigRN" -typ "mayaAscii" "/shows/FG/assets/hero/rig/hero_rig_v012.ma";
requires maya "2026";
requires -nodeType "aiOptions" "mtoa" "5.4.0";
currentUnit -l centimeter -a degree -t 23.976fps;
fileInfo "application" "maya";
fileInfo "product" "Maya 2026";
fileInfo "version" "2026";
createNode transform -n "shotcam";
createNode camera -n "shotcamShape" -p "shotcam";
	setAttr ".renderable" 1;
createNode file -n "wood";
	setAttr ".fileTextureName" -type "string" "/shows/FG/assets/desk/tex/wood.<UDIM>.tx";
	setAttr ".uvTilingMode" 3;
createNode script -n "sceneConfigurationScriptNode";
	setAttr ".b" -type "string" "playbackOptions -min 1001 -max 1024 -ast 993 -aet 1032 ";
	setAttr ".st" 6;
// End of FG_ep010_sc02_0010_anim_v003.ma
