"""The words of the synthetic company: names, texts, catalogue entries. No text holds a quote or a backslash, so that
every one may stand in JSON as it is."""

SURNAMES = "王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 高 林 罗 郑 梁 谢 宋 唐 许 韩 冯 邓 曹 彭 曾 萧 欧阳 上官".split()
GIVEN = ("伟 芳 娜 敏 静 丽 强 磊 洋 艳 勇 军 杰 娟 涛 明 超 霞 平 刚 桂英 秀兰 建国 志强 海燕 晓东 雨桐 梓涵 子轩 浩然 "
         "欣怡 思远 文博 佳琪 一诺 俊杰").split()
FIRST = ("Emma Liam Olivia Noah Ava Ethan Sophia Mason Mia Lucas Amelia Oliver Harper Elijah Evelyn Aiden Abigail "
         "James Ella Benjamin Chloe Henry Grace Samuel Zoe Daniel Nora Jack Lily Owen").split()
LAST = ("Smith Jones Taylor Brown Williams Wilson Evans Thomas Roberts Walker Wright Hughes Green Hall Wood Clarke "
        "Turner Hill Cooper Ward Morris Baker Harris King Shaw O’Neill Müller García Novák Ørsted").split()
COMPANIES_ZH = "华辰科技 远山贸易 青禾食品 海川物流 星图软件 德润医药 北岸制造 云栖文化 锦程教育 同创能源".split()
COMPANIES_EN = ("Northwind Tools|Blue Harbour Foods|Atlas Logistics|Quill & Page|Redwood Dental|Copperfield Energy|"
                "Lumen Software|Harrow Textiles|Saffron Travel|Pine Street Clinic").split("|")
PLACES = "上海 北京 深圳 杭州 成都 广州 Singapore London Berlin Toronto Madrid Sydney".split()
TAGS = "vip 价格敏感 新客 newsletter wholesale 老客户 needs-invoice 沉睡 early-adopter 企业 referral at-risk".split()
TIERS = "bronze silver gold platinum".split()
ORIGINS = "website referral exhibition ads store partner 小程序 抖音 cold-call".split()
AGENTS = ("chen.yu wang.lei li.na zhao.min liu.yang huang.jing zhou.kai wu.xin sun.hao ma.rui anna.b carlos.m dave.k "
          "erin.s fatima.o george.p hana.t ivan.d julia.w kenji.a").split()
TEAMS = "retail enterprise support-l1 support-l2 retention".split()
PRODUCTS = ["SKU-%04d" % (1000 + 37 * i) for i in range(240)]
CHANNELS = "wechat email sms web app".split()
SHOPS = "store web app wechat phone".split()
LOST = "price 竞争对手 no-budget 需求取消 no-answer timing".split()
REFUNDS = "质量问题 wrong-size changed-mind 重复下单 late-delivery".split()
CATEGORIES = "delivery quality billing service privacy 售后".split()
TICKET_CATEGORIES = "how-to access invoice return 安装 change-request".split()
OUTCOMES = "answered voicemail no_answer busy callback".split()
VIEW_REASONS = "customer on the phone|投诉处理|quality check|invoice question|季度回访".split("|")

COMPLAINTS_ZH = ("货物破损，已上传照片，要求退款|快递超过一周仍未送达，联系不上派送员|发票抬头开错了，多次沟通没有结果|"
                 "客服态度很差，电话里直接挂断|同样的问题已经反映了三次，仍然没有解决|收到的商品与页面描述不符").split("|")
COMPLAINTS_EN = ("the parcel arrived damaged and two items are missing|charged twice for the same order, please check|"
                 "nobody has called me back for three days|the replacement has the same fault as the first one|"
                 "the technician did not come to the agreed appointment|"
                "my data was used for a mailing I had refused").split("|")
ASKS_ZH = ("请问这款还有现货吗？什么时候可以发货？|我想把收货地址改成公司地址，可以吗|活动价和会员价可以一起用吗|"
           "麻烦把增值税专用发票发到我的邮箱|上次说的报价单还没有收到，能再发一次吗|续约的话价格有没有优惠").split("|")
ASKS_EN = ("is this still in stock, and when would it ship?|could you send the quote again, I cannot find it|"
           "please change the delivery address to our office|does the renewal price include support?|"
           "can I combine the member price with the campaign?|who is my contact while Anna is away?").split("|")
REPLIES_ZH = ("您好，有现货，今天下单明天发出|已经为您修改，请在订单页面确认|报价单已重新发送，请查收|"
              "感谢您的反馈，我们会在一个工作日内回复|发票已开具，电子版发到您预留的邮箱").split("|")
REPLIES_EN = ("Yes, it is in stock and ships tomorrow.|We changed it; please check the order page.|"
              "The quote is on its way again, valid for 30 days.|Thank you, we will come back to you within a day.|"
              "The invoice was sent to the address on file.").split("|")
NOTES_ZH = ("客户希望周五前收到书面报价|电话无人接听，明天上午再联系|对新功能非常满意，下季度可能增加席位|"
            "决策人出差，下周三回来|对比了竞争对手的方案，主要顾虑是价格|合同条款已确认，等待法务审核").split("|")
NOTES_EN = ("wants a written quote before Friday|left a voicemail, will try again tomorrow morning|"
            "very happy with the onboarding, may add ten seats next quarter|decision maker is away until the 15th|"
            "compared our plan with a competitor, price is the main objection|legal review is pending").split("|")
ANSWERS_ZH = "很满意|一般|发货慢|客服耐心，问题解决得快|不会再来了".split("|")
ANSWERS_EN = "great service|could be faster|all good|the fit was wrong|I expected better".split("|")

PIPELINES = {
    None: ["new", "qualified", "proposal", "negotiation"],
    "enterprise": ["discovery", "evaluation", "procurement", "legal"],
    "renewal": ["notice", "offer", "review"],
}
CAMPAIGN_KINDS = "spring 618 member-day winback double11 newsletter 新品 upgrade".split()
